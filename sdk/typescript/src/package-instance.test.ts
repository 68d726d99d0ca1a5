import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import {
  InvalidRequestError,
  NotFoundError,
  PackageReplyError,
  PackageTimeoutError,
  Steamship,
  SteamshipError,
  UnavailableError,
} from "./index.js";
import { KEY, type Reply, failed, json, startStub } from "./testing/stub-engine.js";

/** An instance whose every method gives this reply, and its engine. */
async function replying(test: TestContext, reply: Reply) {
  const engine = await startStub(test, ({ path }, engine) => (path.startsWith("/api/") ? engine.enveloped() : reply));
  return { engine, instance: new Steamship({ ...engine.options, workspaceHandle: "w" }).use("greeter", "my-handle") };
}

async function refusal(call: Promise<unknown>): Promise<SteamshipError> {
  const error = await call.then(() => assert.fail("the call was answered"), (reason: unknown) => reason);
  assert.ok(error instanceof SteamshipError, inspect(error));
  assert.ok(!inspect(error, { showHidden: true, depth: 9 }).includes(KEY));
  return error;
}

test("a call posts its arguments as JSON to the method's address, with the key", async (t) => {
  const { engine, instance } = await replying(t, json("Hello"));
  assert.equal(await instance.invoke("greet", { name: "Beautiful" }), "Hello");
  const { verb, path, headers, body } = engine.requests.at(-1)!;
  assert.deepEqual([verb, path, body], ["POST", "/@alice/my-handle/my-handle/greet", '{"name":"Beautiful"}']);
  assert.equal(headers["authorization"], `Bearer ${KEY}`);
  assert.equal(headers["content-type"], "application/json");
});

test("a call without arguments posts an empty object, and a leading slash of the method is dropped", async (t) => {
  const { engine, instance } = await replying(t, json([]));
  await instance.invoke("/__dir__");
  assert.equal(engine.requests.at(-1)!.path, "/@alice/my-handle/my-handle/__dir__");
  assert.equal(engine.requests.at(-1)!.body, "{}");
});

test("a GET puts its arguments in the query: text as it is, everything else as its JSON", async (t) => {
  const { engine, instance } = await replying(t, json(1));
  const when = new Date(0);
  const sent = { text: "a b&c", n: 2, yes: true, tags: ["x", "y"], none: [], where: { k: 1 }, when, no: undefined, nil: null };
  await instance.invoke("find", sent, { verb: "GET" });
  const { verb, path, body, headers } = engine.requests.at(-1)!;
  assert.equal(verb, "GET");
  assert.deepEqual([...new URLSearchParams(path.split("?")[1])], [
    ["text", "a b&c"],
    ["n", "2"],
    ["yes", "true"],
    ["tags", '["x","y"]'],
    ["none", "[]"],
    ["where", '{"k":1}'],
    ["when", "1970-01-01T00:00:00.000Z"],
  ]);
  assert.equal(body, "");
  assert.equal(headers["content-type"], undefined);
});

test("bytes are sent as base64 text, in a query too", async (t) => {
  const { engine, instance } = await replying(t, json(1));
  const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index % 256);
  const base64 = Buffer.from(bytes).toString("base64");
  await instance.invoke("keep", { bytes, nested: [Buffer.from([255, 254])] });
  assert.deepEqual(JSON.parse(engine.requests.at(-1)!.body), { bytes: base64, nested: ["//4="] });
  await instance.invoke("keep", { bytes: Uint8Array.of(255, 254) }, { verb: "GET" });
  assert.equal(engine.requests.at(-1)!.path.split("?")[1], "bytes=%2F%2F4%3D");
});

test("JSON arrives as its value, null and objects that look like envelopes too", async (t) => {
  for (const value of [null, 0, false, "text", [1, { a: null }], { data: 1 }, { status: { state: "failed" } }]) {
    const { instance } = await replying(t, json(value));
    assert.deepEqual(await instance.invoke("m"), value);
  }
});

test("text arrives as a string, anything else as its bytes, no content as null", async (t) => {
  const text = await replying(t, { headers: { "Content-Type": "text/markdown; charset=utf-8" }, body: "# é" });
  assert.equal(await text.instance.invoke("m"), "# é");
  const bytes = Uint8Array.of(137, 80, 78, 71, 0, 255);
  const image = await replying(t, { headers: { "Content-Type": "image/png" }, body: bytes });
  assert.deepEqual(await image.instance.invoke("m"), bytes);
  const untyped = await replying(t, { body: bytes });
  assert.deepEqual(await untyped.instance.invoke("m"), bytes);
  const none = await replying(t, { status: 204 });
  assert.equal(await none.instance.invoke("m"), null);
});

test("a failed call rejects with the class of its code", async (t) => {
  const { instance } = await replying(t, failed(404, "NotFound", "No handler for POST /nope available."));
  const error = await refusal(instance.invoke("nope"));
  assert.ok(error instanceof NotFoundError);
  assert.equal(error.message, "No handler for POST /nope available.");
  assert.deepEqual([error.code, error.httpStatus, error.requestId], ["NotFound", 404, "R-1"]);
});

test("a failure that gives no reason is told with its HTTP status and the start of its text", async (t) => {
  const headers = { "Content-Type": "text/html", "X-Request-Id": "R-2" };
  const { instance } = await replying(t, { status: 502, headers, body: "<h1>Bad Gateway</h1>" });
  const error = await refusal(instance.invoke("greet"));
  assert.equal(error.message, '"greet" was answered with HTTP 502 and no reason: <h1>Bad Gateway</h1>');
  assert.deepEqual([error.httpStatus, error.requestId], [502, "R-2"]);
});

test("a key that a server echoes is not repeated in the error", async (t) => {
  const { instance } = await replying(t, failed(401, "AuthenticationRequired", `The key "${KEY}" is unknown.`));
  assert.equal((await refusal(instance.invoke("m"))).message, 'The key "[key]" is unknown.');
});

test("a redirect is not followed, so that the key goes nowhere else", async (t) => {
  const { engine, instance } = await replying(t, { status: 307, headers: { Location: "/@alice/other/other/wipe" } });
  const error = await refusal(instance.invoke("m"));
  assert.match(error.message, /redirect to "\/@alice\/other\/other\/wipe", which is not followed/);
  assert.equal(engine.sent("wipe").length, 0);
});

test("content that is called JSON and is none is an error of the reply", async (t) => {
  const { instance } = await replying(t, { headers: { "Content-Type": "application/json" }, body: "{" });
  assert.ok((await refusal(instance.invoke("m"))) instanceof PackageReplyError);
});

test("a call that passes timeoutMs is given up", async (t) => {
  const { instance } = await replying(t, { silent: true });
  const error = await refusal(instance.invoke("sleep", {}, { timeoutMs: 50 }));
  assert.ok(error instanceof PackageTimeoutError);
  assert.match(error.message, /"sleep" did not answer in time/);
});

test("a connection that breaks, and an engine that is not there, are told with the address", async (t) => {
  const { engine, instance } = await replying(t, { hangUp: true });
  const broken = await refusal(instance.invoke("m", { secret: "sesame" }, { verb: "GET" }));
  assert.ok(broken instanceof UnavailableError);
  assert.ok(broken.message.includes(`"${engine.base}@alice/my-handle/my-handle/m"`));
  assert.doesNotMatch(broken.message, /sesame/);
  const absent = new Steamship({ apiKey: KEY, apiBase: "http://127.0.0.1:1/api/v1/", workspaceHandle: "w" });
  const error = await refusal(absent.use("p").invoke("m"));
  assert.ok(error instanceof UnavailableError);
  assert.match(error.message, /"http:\/\/127\.0\.0\.1:1\/api\/v1\/package\/instance\/create".*`ship serve`/);
});

test("a base that is no engine's is told as such", async (t) => {
  const engine = await startStub(t, () => ({ headers: { "Content-Type": "text/html" }, body: "<h1>Hello</h1>" }));
  const client = new Steamship({ ...engine.options, workspaceHandle: "w" });
  assert.match((await refusal(client.use("p").invoke("m"))).message, /Check that it is the API base of a Steamship engine/);
});

test("arguments, verbs, methods and durations that cannot be sent are refused before anything is", async (t) => {
  const { engine, instance } = await replying(t, json(1));
  await instance;
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  for (const [call, pattern] of [
    [instance.invoke("m", { n: Number.NaN }), /arguments of "m" cannot be written as JSON: "n" is NaN/],
    [instance.invoke("m", { n: 1n }), /BigInt/],
    [instance.invoke("m", circular), /circular/],
    [instance.invoke("m", {}, { verb: "PUT" as "POST" }), /"PUT" is no verb/],
    [instance.invoke("../other/wipe"), /"\.\.\/other\/wipe" is no method name/],
    [instance.invoke(""), /"" is no method name/],
    [instance.invoke("m", {}, { timeoutMs: 0 }), /timeoutMs "0" is no duration/],
  ] as const) {
    const error = await refusal(call);
    assert.ok(error instanceof InvalidRequestError);
    assert.match(error.message, pattern);
  }
  assert.equal(engine.requests.length, 1);
});

test("neither inspection nor JSON of client, ref and instance shows the key", async (t) => {
  const engine = await startStub(t);
  const client = new Steamship({ ...engine.options, workspaceHandle: "w" });
  const ref = client.use("greeter", "my-handle");
  const shown = [client, ref, await ref, await client.configuration()]
    .map((thing) => inspect(thing, { showHidden: true, getters: true, depth: 9 }) + JSON.stringify(thing))
    .join();
  assert.ok(!shown.includes(KEY));
});
