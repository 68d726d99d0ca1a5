/** Requests and answers: the one place that calls `fetch` and holds the key in its hand. */
import type { Configuration } from "./configuration.js";
import {
  InvalidRequestError,
  PackageReplyError,
  PackageTimeoutError,
  SteamshipError,
  UnavailableError,
  errorOfCode,
} from "./errors.js";
import { chunksOf, events, texts } from "./stream.js";

export type Verb = "GET" | "POST";
export type Arguments = Readonly<Record<string, unknown>>;

/** An answer that was read to its end. */
interface Answer {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

interface Failure {
  state?: unknown;
  statusMessage?: unknown;
  statusCode?: unknown;
  statusSuggestion?: unknown;
  requestId?: unknown;
}

const EVENTS = "text/event-stream";
/** A generator's items as events, since these can also tell of an error in their midst. */
const ACCEPT = `${EVENTS}, application/json;q=0.9, */*;q=0.8`;
const EXCERPT = 200;
const CHUNK = 8192;

export class Transport {
  readonly #configuration: Configuration;

  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /** Call an operation of the engine's API; resolves to the object in the answer under `wrapper`. */
  async operation(
    name: string,
    input: Arguments,
    wrapper: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.#send(name, this.#configuration.apiBase + name, {
      method: "POST",
      headers: { ...headers, "X-Steamship-Accept": "use/1", "Content-Type": "application/json" },
      body: jsonOf(name, input),
    });
    const content = leniently(answer);
    const failure = failureOf(content);
    if (failure !== null || !isSuccess(answer)) throw this.#failed(name, answer, failure);
    const envelope = content as { data?: Record<string, unknown> } & Record<string, unknown>;
    const found = envelope?.data?.[wrapper] ?? envelope?.[wrapper];
    if (typeof found === "object" && found !== null) return found as Record<string, unknown>;
    throw new UnavailableError(
      `"${this.#configuration.apiBase}" answered "${name}" without a "${wrapper}". Check that it is the API base of a Steamship engine.`,
    );
  }

  /**
   * Call a package's method at its address. JSON resolves to its value as it is, text to a string,
   * anything else to a Uint8Array, an answer without content to null.
   */
  async invocation(
    method: string,
    url: string,
    verb: Verb,
    input: Arguments,
    timeoutMs: number | undefined,
  ): Promise<unknown> {
    const call = callOf(method, url, verb, input, timeoutMs);
    const answer = await this.#send(method, call.url, call.init);
    if (!isSuccess(answer)) throw this.#failed(method, answer, failureOf(leniently(answer)));
    if (answer.status === 204) return null;
    if (isJson(answer)) return parsed(method, answer);
    return typeOf(answer).startsWith("text/") ? textOf(answer) : answer.body;
  }

  /**
   * Call a package's method and yield its items as they arrive: those of a generator, of a JSON list, else the
   * one value; text and bytes in pieces. Who takes no more of them gives the call up.
   */
  async *items(method: string, url: string, verb: Verb, input: Arguments, timeoutMs: number | undefined): AsyncGenerator<unknown> {
    const call = callOf(method, url, verb, input, timeoutMs);
    const response = await this.#fetch(method, call.url, {
      ...call.init,
      headers: { ...call.init.headers, Accept: ACCEPT },
    });
    const type = (response.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
    if (!response.ok || type === "application/json") {
      const answer = await this.#whole(method, url, response);
      if (!isSuccess(answer)) throw this.#failed(method, answer, failureOf(leniently(answer)));
      const value = parsed(method, answer);
      yield* Array.isArray(value) ? value : [value];
      return;
    }
    try {
      if (type === EVENTS) {
        for await (const { kind, data } of events(chunksOf(response))) {
          const value = jsonOrText(data);
          const failure = kind === "error" ? failureOf(value) : null;
          if (failure !== null) throw this.#failed(method, { status: 200, headers: response.headers, body: new Uint8Array() }, failure);
          yield value;
        }
      } else if (type.startsWith("text/")) {
        yield* texts(chunksOf(response));
      } else {
        yield* chunksOf(response);
      }
    } catch (error) {
      throw error instanceof SteamshipError ? error : this.#brokenOff(method, url, response, error);
    }
  }

  async #send(name: string, url: string, init: RequestInit): Promise<Answer> {
    return this.#whole(name, url, await this.#fetch(name, url, init));
  }

  async #fetch(name: string, url: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, Authorization: this.#configuration.authorization() };
    try {
      // Redirects are not followed: a package could otherwise send the caller's key to other instances.
      return await fetch(url, { ...init, headers, redirect: "manual" });
    } catch (error) {
      throw this.#unanswered(name, url, error);
    }
  }

  async #whole(name: string, url: string, response: Response): Promise<Answer> {
    try {
      return { status: response.status, headers: response.headers, body: new Uint8Array(await response.arrayBuffer()) };
    } catch (error) {
      throw this.#unanswered(name, url, error);
    }
  }

  #brokenOff(name: string, url: string, response: Response, error: unknown): SteamshipError {
    const unanswered = this.#unanswered(name, url, error);
    if (unanswered instanceof PackageTimeoutError) return unanswered;
    return new PackageReplyError(`The answer of "${name}" broke off. \`ship logs\` shows what the package said last.`, {
      requestId: response.headers.get("x-request-id") ?? undefined,
    });
  }

  #unanswered(name: string, url: string, error: unknown): SteamshipError {
    const { name: kind, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    const reason = cause?.code ?? cause?.message ?? message;
    if (kind === "TimeoutError" || /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(reason)) {
      return new PackageTimeoutError(`"${name}" did not answer in time. Allow it longer with timeoutMs, or run it as a task.`);
    }
    const { origin, pathname } = new URL(url);
    return new UnavailableError(
      this.#configuration.redact(
        `"${name}" got no answer from "${origin}${pathname}" (${reason}). ` +
          "Start an engine with `ship serve`, or name a running one with STEAMSHIP_API_BASE.",
      ),
    );
  }

  #failed(name: string, answer: Answer, failure: Failure | null): SteamshipError {
    const redacted = (value: unknown) => (typeof value === "string" ? this.#configuration.redact(value) : undefined);
    return errorOfCode(redacted(failure?.statusMessage) || redacted(unexplained(name, answer))!, {
      code: redacted(failure?.statusCode),
      suggestion: redacted(failure?.statusSuggestion),
      requestId: redacted(failure?.requestId) ?? answer.headers.get("x-request-id") ?? undefined,
      httpStatus: isSuccess(answer) ? undefined : answer.status,
    });
  }
}

/** Address and content of a call. */
function callOf(method: string, url: string, verb: Verb, input: Arguments, timeoutMs: number | undefined) {
  const signal = timeoutMs === undefined ? null : AbortSignal.timeout(timeoutMs);
  const init: RequestInit & { headers: Record<string, string> } =
    verb === "GET"
      ? { method: "GET", headers: {}, signal }
      : { method: "POST", headers: { "Content-Type": "application/json" }, body: jsonOf(method, input), signal };
  return { url: verb === "GET" ? url + queryOf(method, input) : url, init };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The reason of a failed answer; null when the content is none. */
function failureOf(content: unknown): Failure | null {
  const status = (content as { status?: Failure | null } | null | undefined)?.status;
  return typeof status === "object" && status?.state === "failed" ? status : null;
}

function unexplained(name: string, answer: Answer): string {
  // A browser hides a redirect that is not followed: its status reads 0.
  if (answer.status === 0 || (answer.status >= 300 && answer.status < 400)) {
    const target = answer.headers.get("location");
    return `"${name}" answered with a redirect${target === null ? "" : ` to "${target}"`}, which is not followed.`;
  }
  const excerpt = /^text\/|json/.test(typeOf(answer)) ? textOf(answer).trim().slice(0, EXCERPT) : "";
  return `"${name}" was answered with HTTP ${answer.status} and no reason${excerpt && `: ${excerpt}`}`;
}

function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

function typeOf(answer: Answer): string {
  return (answer.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

function isJson(answer: Answer): boolean {
  return typeOf(answer) === "application/json";
}

function textOf(answer: Answer): string {
  return new TextDecoder().decode(answer.body);
}

function parsed(name: string, answer: Answer): unknown {
  try {
    return JSON.parse(textOf(answer));
  } catch {
    throw new PackageReplyError(`"${name}" answered with content that is called JSON and is none.`, {
      requestId: answer.headers.get("x-request-id") ?? undefined,
    });
  }
}

function leniently(answer: Answer): unknown {
  try {
    return JSON.parse(textOf(answer));
  } catch {
    return undefined;
  }
}

function jsonOf(name: string, input: Arguments): string {
  try {
    return JSON.stringify(input, function (this: Record<string, unknown>, key, value) {
      const given = this[key]; // before a `toJSON` of its own, as Node's Buffer has
      if (given instanceof Uint8Array) return base64Of(given);
      if (typeof value !== "number" || Number.isFinite(value)) return value;
      throw new RangeError(`"${key}" is ${value}`);
    });
  } catch (error) {
    throw new InvalidRequestError(
      `The arguments of "${name}" cannot be written as JSON: ${firstLine(error)}. Pass text, numbers, booleans, null, bytes, lists and objects.`,
    );
  }
}

function base64Of(bytes: Uint8Array): string {
  let characters = "";
  for (let start = 0; start < bytes.length; start += CHUNK) {
    characters += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(characters);
}

function firstLine(error: unknown): string {
  return (error as Error).message.split("\n", 1)[0]!;
}

/** Arguments as a query: text as it is, everything else as its JSON, undefined and null left out. */
function queryOf(method: string, input: Arguments): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || value === null) continue;
    const plain: unknown = JSON.parse(jsonOf(method, { [name]: value }))[name];
    // A function has no JSON at all, and is left out as it is in a body.
    if (plain === undefined) continue;
    query.append(name, typeof plain === "string" ? plain : JSON.stringify(plain));
  }
  return query.size === 0 ? "" : `?${query}`;
}
