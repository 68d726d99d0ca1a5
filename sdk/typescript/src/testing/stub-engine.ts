/** An engine for tests that answers as it is told and remembers what it was sent. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export const KEY = "test-key-0123456789abcdef0123456789abcdef";

export interface Received {
  verb: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Send the body in these pieces, each when the one before it was flushed, and break the connection off after the last. */
  pieces?: (string | Uint8Array)[];
  breakOff?: boolean;
  /** Close the connection in place of an answer. */
  hangUp?: boolean;
  /** Leave the request without an answer. */
  silent?: boolean;
}

type Answering = (request: Received, engine: StubEngine) => Reply;

export class StubEngine {
  readonly requests: Received[] = [];
  readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  get apiBase(): string {
    return `${this.base}api/v1/`;
  }

  get options(): { apiKey: string; apiBase: string } {
    return { apiKey: KEY, apiBase: this.apiBase };
  }

  /** The requests whose path ends in `suffix`. */
  sent(suffix: string): Received[] {
    return this.requests.filter(({ path }) => path.endsWith(suffix));
  }

  /** An instance as the engine describes it, the given fields changed. */
  instance(fields: Record<string, unknown> = {}): Record<string, unknown> {
    const invocationURL = `${this.base}@alice/my-handle/my-handle/`;
    return {
      id: "6F9619FF-8B86-4D01-B42D-00CF4FC964FF",
      handle: "my-handle",
      packageHandle: "greeter",
      packageVersionHandle: "1.0.0",
      userHandle: "alice",
      workspaceId: "7F9619FF-8B86-4D01-B42D-00CF4FC964FF",
      workspaceHandle: "my-handle",
      invocationURL,
      invocationUrl: invocationURL,
      config: {},
      initStatus: "notNeeded",
      createdAt: "2024-01-31T10:00:00Z",
      ...fields,
    };
  }

  /** The envelope of a single instance. */
  enveloped(fields: Record<string, unknown> = {}): Reply {
    const packageInstance = this.instance(fields);
    return json({ data: { packageInstance }, packageInstance });
  }
}

export function json(value: unknown, status = 200): Reply {
  return { status, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

export function failed(status: number, statusCode: string, statusMessage: string, more: object = {}): Reply {
  return json({ status: { state: "failed", statusMessage, statusCode, requestId: "R-1", ...more } }, status);
}

/** A stub on a free loopback port until the test ends. Without `answering` every instance can be had and every method answers null. */
export async function startStub(test: TestContext, answering: Answering = obliging): Promise<StubEngine> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url, headers } = request;
    const received = { verb: method!, path: url!, headers, body: Buffer.concat(chunks).toString() };
    engine.requests.push(received);
    send(response, answering(received, engine));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const engine = new StubEngine(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return engine;
}

function obliging(request: Received, engine: StubEngine): Reply {
  return request.path.startsWith("/api/") ? engine.enveloped() : json(null);
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.silent) return;
  if (reply.hangUp) {
    response.destroy();
    return;
  }
  response.writeHead(reply.status ?? 200, reply.headers);
  if (reply.pieces !== undefined) sendPieces(response, reply.pieces, reply.breakOff ?? false);
  else response.end(reply.body);
}

function sendPieces(response: ServerResponse, [piece, ...rest]: (string | Uint8Array)[], breakOff: boolean): void {
  if (piece !== undefined) response.write(piece, () => setImmediate(sendPieces, response, rest, breakOff));
  else if (breakOff) response.destroy();
  else response.end();
}
