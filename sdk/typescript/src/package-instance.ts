/** An instance of a package: made or found, waited for, invoked. */
import { InvalidRequestError, PackageError, PackageTimeoutError } from "./errors.js";
import type { Arguments, Transport, Verb } from "./transport.js";

/** An instance's parameters; the package's README says which it takes. */
export type Config = Readonly<Record<string, unknown>>;

export interface InvokeOptions {
  /** `"POST"` by default: arguments travel as JSON. With `"GET"` they travel in the query. */
  verb?: Verb;
  /** Milliseconds that the call itself may take; the instance's creation does not count. */
  timeoutMs?: number;
}

/** What `use` asks for. Without a workspace id the workspace is named, and created when missing. */
export interface Wanted {
  packageHandle: string;
  handle: string;
  version: string | undefined;
  config: Config | undefined;
  workspace: { id: string } | { handle: string };
}

/** How long the engine may hold an answer while the instance's init runs. */
const INIT_WAIT_MS = 30_000;
/** After this long an init that still runs is no longer waited for. */
const INIT_LIMIT_MS = 180_000;
const FIRST_POLL_MS = 100;
const SLOWEST_POLL_MS = 1_000;

/** A settled instance. */
export class PackageInstance {
  readonly id!: string;
  readonly handle!: string;
  readonly packageId!: string;
  readonly packageHandle!: string;
  readonly packageVersionId!: string;
  readonly packageVersionHandle!: string;
  readonly userId!: string;
  readonly userHandle!: string;
  readonly workspaceId!: string;
  readonly workspaceHandle!: string;
  /** The instance's address, with `/` at its end: a method's name appended is the method's address. */
  readonly invocationURL!: string;
  readonly config!: Config;
  readonly initStatus!: "notNeeded" | "initializing" | "complete" | "failed";
  readonly initMessage!: string | null;
  readonly createdAt!: string;
  readonly #transport: Transport;

  constructor(fields: Readonly<Record<string, unknown>>, transport: Transport) {
    for (const name of FIELDS) Object.assign(this, { [name]: fields[name] ?? null });
    this.#transport = transport;
  }

  /**
   * Call a method with arguments by name.
   *
   * Resolves to what it returned: a JSON value as it is, text as a string, other content as a
   * Uint8Array. Rejects with a SteamshipError that says what failed.
   */
  // The type of a reply is the package's business, as that of any parsed JSON.
  async invoke<Reply = any>(method: string, args: Arguments = {}, options: InvokeOptions = {}): Promise<Reply> {
    const { url, verb, timeoutMs } = this.#call(method, options);
    return (await this.#transport.invocation(method, url, verb, args, timeoutMs)) as Reply;
  }

  /**
   * Call a method that is a generator, and iterate over its items as they arrive.
   *
   * The call begins with the first item; leaving the loop gives it up, in the package too. A list gives its items,
   * another value itself, text and bytes come in pieces. Rejects as `invoke` does, also between two items.
   */
  async *stream<Item = any>(method: string, args: Arguments = {}, options: InvokeOptions = {}): AsyncGenerator<Item, void, undefined> {
    const { url, verb, timeoutMs } = this.#call(method, options);
    yield* this.#transport.items(method, url, verb, args, timeoutMs) as AsyncGenerator<Item>;
  }

  #call(method: string, options: InvokeOptions): { url: string; verb: Verb; timeoutMs: number | undefined } {
    const { verb = "POST", timeoutMs } = options;
    if (verb !== "GET" && verb !== "POST") {
      throw new InvalidRequestError(`"${verb}" is no verb of a method. Use "GET" or "POST".`);
    }
    if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
      throw new InvalidRequestError(`timeoutMs "${timeoutMs}" is no duration. Pass milliseconds, at least 1 and below 2^31.`);
    }
    return { url: this.invocationURL + pathOf(method), verb, timeoutMs };
  }
}

const FIELDS = [
  "id",
  "handle",
  "packageId",
  "packageHandle",
  "packageVersionId",
  "packageVersionHandle",
  "userId",
  "userHandle",
  "workspaceId",
  "workspaceHandle",
  "invocationURL",
  "config",
  "initStatus",
  "initMessage",
  "createdAt",
] as const satisfies readonly (keyof PackageInstance)[];

/** Create the instance, or find the one that exists, and wait until it is ready. */
export async function createInstance(transport: Transport, wanted: Wanted): Promise<PackageInstance> {
  const { workspace } = wanted;
  const byId = "id" in workspace;
  const created = await transport.operation(
    "package/instance/create",
    {
      packageHandle: wanted.packageHandle,
      handle: wanted.handle,
      ...(byId ? {} : { workspaceHandle: workspace.handle, createWorkspace: true }),
      fetchIfExists: true,
      packageVersionHandle: wanted.version,
      config: wanted.config,
      initWaitMs: INIT_WAIT_MS,
    },
    "packageInstance",
    byId ? { "X-Workspace-Id": workspace.id } : {},
  );
  return initialized(new PackageInstance(created, transport), transport);
}

async function initialized(instance: PackageInstance, transport: Transport): Promise<PackageInstance> {
  const limit = Date.now() + INIT_LIMIT_MS;
  let pause = FIRST_POLL_MS;
  while (instance.initStatus === "initializing") {
    if (Date.now() > limit) {
      throw new PackageTimeoutError(
        `The instance "${instance.handle}" of "${instance.packageHandle}" is still initializing after ${INIT_LIMIT_MS / 1000} s. Use it again later, or ask the package's author.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(2 * pause, SLOWEST_POLL_MS);
    const found = await transport.operation("package/instance/get", { id: instance.id }, "packageInstance", {
      "X-Workspace-Id": instance.workspaceId,
    });
    instance = new PackageInstance(found, transport);
  }
  if (instance.initStatus === "failed") {
    throw new PackageError(
      `The instance "${instance.handle}" of "${instance.packageHandle}" failed to initialize: ${instance.initMessage ?? "the engine gives no reason."}`,
      { suggestion: "The instance stays, to be looked at. Delete it, or use another handle, to try again." },
    );
  }
  return instance;
}

/** A method's name as a path below the instance, which it must not leave. */
function pathOf(method: string): string {
  const segments = method.replace(/^\/+/, "").split("/");
  if (segments.some((segment) => segment === "." || segment === "..") || segments[0] === "") {
    throw new InvalidRequestError(`"${method}" is no method name. Call \`invoke("__dir__")\` to see which there are.`);
  }
  return segments.map(encodeURIComponent).join("/");
}
