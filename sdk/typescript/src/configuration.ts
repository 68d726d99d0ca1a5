/**
 * Keys, bases and the workspace: argument > environment > `~/.steamship.json` > default.
 *
 * The file is read where there is one to read (Node, Deno, Bun); a browser has arguments alone.
 */
import { AuthenticationError, InvalidRequestError } from "./errors.js";

/** What a client may be told; whatever is left out comes from the environment, the file or a default. */
export interface ConfigurationOptions {
  apiKey?: string | undefined;
  apiBase?: string | undefined;
  appBase?: string | undefined;
  webBase?: string | undefined;
  workspaceId?: string | undefined;
  workspaceHandle?: string | undefined;
  profile?: string | undefined;
}

/** Where the second and third choice come from; `file` is null where there is none. */
export interface ConfigurationSources {
  environment: Readonly<Record<string, string | undefined>>;
  readFile(): Promise<{ path: string; text: string } | null>;
}

type Field = Exclude<keyof ConfigurationOptions, "profile">;
type Layer = Partial<Record<Field, string>>;

const VARIABLES: Readonly<Record<Field, string>> = {
  apiKey: "STEAMSHIP_API_KEY",
  apiBase: "STEAMSHIP_API_BASE",
  appBase: "STEAMSHIP_APP_BASE",
  webBase: "STEAMSHIP_WEB_BASE",
  workspaceId: "STEAMSHIP_WORKSPACE_ID",
  workspaceHandle: "STEAMSHIP_WORKSPACE_HANDLE",
};
const FIELDS = Object.keys(VARIABLES) as Field[];

const DEFAULTS: Layer = {
  apiBase: "http://localhost:8080/api/v1/",
  appBase: "http://localhost:8080/",
  webBase: "http://localhost:8080/",
};

/** What a client goes by, settled. The key is private: no inspection or JSON shows it. */
export class Configuration {
  readonly apiBase: string;
  readonly appBase: string;
  readonly webBase: string;
  readonly workspaceId: string | undefined;
  readonly workspaceHandle: string | undefined;
  readonly #apiKey: string;

  constructor(values: Layer & { apiKey: string }) {
    this.apiBase = base("apiBase", values.apiBase);
    this.appBase = base("appBase", values.appBase);
    this.webBase = base("webBase", values.webBase);
    this.workspaceId = values.workspaceId;
    this.workspaceHandle = values.workspaceHandle;
    if (!/^[\x21-\x7e]+$/.test(values.apiKey)) {
      throw new AuthenticationError(
        "The API key holds a space, a line end or another character that no key has. Copy it again, or run `ship login`.",
      );
    }
    this.#apiKey = values.apiKey;
  }

  /** The value of the `Authorization` header. */
  authorization(): string {
    return `Bearer ${this.#apiKey}`;
  }

  /** The text without the key, should a server have echoed it. */
  redact(text: string): string {
    return text.replaceAll(this.#apiKey, "[key]");
  }
}

/** Settle a configuration. Rejects with AuthenticationError without a key, InvalidRequestError for unusable values. */
export async function resolveConfiguration(
  options: ConfigurationOptions,
  sources: ConfigurationSources = surroundings(),
): Promise<Configuration> {
  const profile = options.profile || sources.environment["STEAMSHIP_PROFILE"];
  const fromEnvironment = pick((field) => sources.environment[VARIABLES[field]]);
  const fromFile = fileLayer(await sources.readFile(), profile);
  const layers = [pick((field) => options[field]), fromEnvironment, fromFile, DEFAULTS];
  const values: Layer = Object.assign({}, ...layers.toReversed());
  // Id and handle are two names of one choice: a handle given here is not overruled by an id set there.
  const { workspaceId, workspaceHandle } = layers.find((layer) => layer.workspaceId || layer.workspaceHandle) ?? {};
  if (!values.apiKey) throw noKey(profile);
  return new Configuration({
    apiKey: values.apiKey,
    ...pick((field) => (field.endsWith("Base") ? values[field] : undefined)),
    ...(workspaceId && { workspaceId }),
    ...(workspaceHandle && { workspaceHandle }),
  });
}

/** The environment and the file of this process; nothing in a browser. */
export function surroundings(): ConfigurationSources {
  const process = (globalThis as { process?: { env?: ConfigurationSources["environment"]; versions?: { node?: string } } })
    .process;
  return {
    environment: process?.env ?? {},
    readFile: async () => (process?.versions?.node ? await readHomeFile() : null),
  };
}

async function readHomeFile(): Promise<{ path: string; text: string } | null> {
  // Names in variables, so that a bundler for browsers does not look for these modules.
  const [fsName, osName, pathName] = ["node:fs/promises", "node:os", "node:path"];
  const fs: typeof import("node:fs/promises") = await import(/* webpackIgnore: true */ /* @vite-ignore */ fsName!);
  const os: typeof import("node:os") = await import(/* webpackIgnore: true */ /* @vite-ignore */ osName!);
  const { join }: typeof import("node:path") = await import(/* webpackIgnore: true */ /* @vite-ignore */ pathName!);
  const path = join(os.homedir(), ".steamship.json");
  try {
    return { path, text: await fs.readFile(path, "utf8") };
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new InvalidRequestError(`"${path}" cannot be read (${code}). Make it readable, or pass apiKey.`);
  }
}

function fileLayer(file: { path: string; text: string } | null, profile: string | undefined): Layer {
  if (file === null) return {};
  const content = parseObject(file);
  // As in Python: a profile stands alone, and one that the file does not have gives nothing.
  const values = profile ? record(record(content["profiles"])[profile]) : content;
  return pick((field) => {
    const value = values[field];
    if (value === null || value === undefined || typeof value === "string") return value ?? undefined;
    throw new InvalidRequestError(`"${field}" in "${file.path}" is not text. Put it in quotes, or run \`ship login\`.`);
  });
}

function parseObject(file: { path: string; text: string }): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(file.text);
  } catch {
    // The parser's own message quotes the text around the mistake, and that may be a key.
    content = undefined;
  }
  if (typeof content === "object" && content !== null && !Array.isArray(content)) {
    return content as Record<string, unknown>;
  }
  throw new InvalidRequestError(`"${file.path}" is not a JSON object. Mend it, or remove it and run \`ship login\`.`);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function pick(valueOf: (field: Field) => string | undefined): Layer {
  const layer: Layer = {};
  for (const field of FIELDS) {
    const value = valueOf(field);
    if (value) layer[field] = value;
  }
  return layer;
}

function base(field: Field, value: string | undefined): string {
  const text = value ?? "";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.username || url?.password) {
    throw new InvalidRequestError(`${field} holds a user name or a password. Leave them out; the key is sent as a header.`);
  }
  if (url === null || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new InvalidRequestError(`${field} "${text}" is no base address. Give one like "${DEFAULTS[field]}".`);
  }
  return text.endsWith("/") ? text : `${text}/`;
}

function noKey(profile: string | undefined): AuthenticationError {
  const where = profile ? `the profile "${profile}" of ~/.steamship.json` : "~/.steamship.json";
  return new AuthenticationError(
    `There is no API key: none was passed as apiKey, set as STEAMSHIP_API_KEY or found in ${where}. Run \`ship login\`.`,
    { suggestion: "ship login" },
  );
}
