/** The contract's examples, replayed: what this client sends, and what it makes of the replies. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { type TestContext, test } from "node:test";
import type { Configuration } from "./configuration.js";
import { Steamship, SteamshipError } from "./index.js";
import { errorOfCode } from "./errors.js";
import { type Reply, startStub } from "./testing/stub-engine.js";
import { Transport } from "./transport.js";

interface Example {
  name: string;
  operation: string;
  request: { method: string; url: string; headers?: Record<string, string>; json?: Record<string, unknown> };
  reply: { status: number; json?: Record<string, any>; text?: string };
}

/** Compiled to `build/src/`, four folders below the repository's. */
const CONTRACT = new URL("../../../../contract/", import.meta.url);
const SCENES = readdirSync(CONTRACT).filter((name) => name.endsWith(".json"));
const IDS = /\{(id:[^}]+|time|text|user)\}/g;

function examplesOf(scene: string): Example[] {
  return JSON.parse(readFileSync(new URL(scene, CONTRACT), "utf8").replaceAll(IDS, "some-$1"));
}

/** Whether this client has a call for it: it reads no raw bytes, uploads nothing and waits for no tasks. */
function isOurs({ request, reply, operation }: Example): boolean {
  const isTask = reply.json !== undefined && "status" in reply.json && reply.json["status"].state !== "failed";
  return request.json !== undefined && !isTask && (operation === "invoke" || reply.json !== undefined);
}

function answerOf({ reply }: Example, fill: (text: string) => string): Reply {
  if (reply.text !== undefined) {
    return { status: reply.status, headers: { "Content-Type": "text/plain" }, body: reply.text };
  }
  const headers = { "Content-Type": "application/json" };
  return { status: reply.status, headers, body: fill(JSON.stringify(reply.json)) };
}

/** A stub that gives the example's reply, whatever it is asked. */
async function stubOf(t: TestContext, example: Example) {
  const engine = await startStub(t, (_, { apiBase, base }) =>
    answerOf(example, (text) => text.replaceAll("{api}", apiBase).replaceAll("{app}", base)),
  );
  const configuration = { apiBase: engine.apiBase, authorization: () => "Bearer k", redact: (text: string) => text };
  return { engine, transport: new Transport(configuration as unknown as Configuration) };
}

for (const scene of SCENES) {
  for (const example of examplesOf(scene).filter(isOurs)) {
    test(`${scene}, ${example.name}: the request is the one written, the reply means what it says`, async (t) => {
      const { engine, transport } = await stubOf(t, example);
      const { request, reply, operation } = example;
      const path = request.url.replace("{api}", "/api/v1/").replace("{app}", "/");
      const names = Object.keys(reply.json?.["data"] ?? {});
      const call =
        operation === "invoke"
          ? transport.invocation(operation, engine.base + path.slice(1), "POST", request.json!, undefined)
          : transport.operation(operation, request.json!, names[0] ?? "none", request.headers);
      const outcome = await call.then((value) => ({ value }), (error: unknown) => ({ error }));
      const [sent] = engine.requests;
      assert.deepEqual([sent!.verb, sent!.path, JSON.parse(sent!.body)], [request.method, path, request.json]);
      for (const [name, value] of Object.entries(request.headers ?? {})) {
        assert.equal(sent!.headers[name.toLowerCase()], value);
      }
      checkOutcome(outcome, example, names[0]);
    });
  }
}

function checkOutcome(outcome: { value?: unknown; error?: unknown }, { reply }: Example, wrapper: string | undefined): void {
  const status = reply.json?.["status"];
  if (status?.state === "failed") {
    const { error } = outcome;
    assert.ok(error instanceof SteamshipError, `no error but ${JSON.stringify(outcome)}`);
    assert.equal(error.constructor, errorOfCode("", { code: status.statusCode }).constructor);
    assert.deepEqual([error.message, error.code], [status.statusMessage, status.statusCode]);
    assert.equal(error.requestId, status.requestId ?? null);
    if (reply.status !== 200) assert.equal(error.httpStatus, reply.status);
  } else if (wrapper !== undefined) {
    assert.deepEqual(Object.keys(outcome.value as object), Object.keys(reply.json!["data"][wrapper]));
  } else {
    assert.deepEqual(outcome.value, reply.text ?? reply.json);
  }
}

test("`use` and `invoke` send what the contract writes", async (t) => {
  const examples = examplesOf("packages.json");
  const named = (name: string) => examples.find((example) => example.name === name)!;
  const [use, post, get] = [named("use it"), named("invoke it"), named("invoke it with GET")];
  const engine = await startStub(t, ({ path, verb }, { apiBase, base }) => {
    const example = path.startsWith("/api/") ? use : verb === "GET" ? get : post;
    return answerOf(example, (text) => text.replaceAll("{api}", apiBase).replaceAll("{app}", base));
  });
  const { packageHandle, handle } = use.request.json as Record<string, string>;
  const client = new Steamship({ ...engine.options, workspaceHandle: handle! });
  const instance = client.use(packageHandle!, handle);
  assert.equal(await instance.invoke("greet", post.request.json), post.reply.text);
  assert.deepEqual(await instance.invoke("health", {}, { verb: "GET" }), get.reply.json);
  const sent = engine.requests.map(({ verb, path, body }) => [verb, path, body === "" ? undefined : JSON.parse(body)]);
  const written = [use, post, get].map(({ request }) => [
    request.method,
    request.url.replace("{api}", "/api/v1/").replace("{app}", "/"),
    request.json,
  ]);
  assert.deepEqual(sent, written);
});
