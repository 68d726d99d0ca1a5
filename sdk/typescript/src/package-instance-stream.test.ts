import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { PackageError, PackageReplyError, PackageTimeoutError, NotFoundError, Steamship } from "./index.js";
import { type Reply, failed, json, startStub } from "./testing/stub-engine.js";

/** An instance whose every method gives this reply, and its engine. */
async function replying(test: TestContext, reply: Reply) {
  const engine = await startStub(test, ({ path }, engine) => (path.startsWith("/api/") ? engine.enveloped() : reply));
  return { engine, instance: new Steamship({ ...engine.options, workspaceHandle: "w" }).use("greeter", "my-handle") };
}

function eventStream(...pieces: (string | Uint8Array)[]): Reply {
  return { headers: { "Content-Type": "text/event-stream" }, pieces };
}

async function all(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test("a stream posts its arguments, asks for events, and yields the data of each", async (t) => {
  const { engine, instance } = await replying(t, eventStream('data: {"a":1}\n', "\ndata: [1,\r\ndata: 2]\r\n\r\n: comment\n\ndata: [DONE]\n\n"));
  assert.deepEqual(await all(instance.stream("count", { to: 3 })), [{ a: 1 }, [1, 2], "[DONE]"]);
  const { verb, path, headers, body } = engine.requests.at(-1)!;
  assert.deepEqual([verb, path, body], ["POST", "/@alice/my-handle/my-handle/count", '{"to":3}']);
  assert.match(headers.accept!, /^text\/event-stream,/);
});

test("a stream with GET puts its arguments in the query", async (t) => {
  const { engine, instance } = await replying(t, eventStream());
  assert.deepEqual(await all(instance.stream("count", { to: 3 }, { verb: "GET" })), []);
  assert.equal(engine.requests.at(-1)!.path, "/@alice/my-handle/my-handle/count?to=3");
});

test("a character that is cut between two chunks is whole again", async (t) => {
  const [first, second] = [Buffer.from('data: "ä"\n\n').subarray(0, 8), Buffer.from('data: "ä"\n\n').subarray(8)];
  const { instance } = await replying(t, eventStream(first, second));
  assert.deepEqual(await all(instance.stream("count")), ["ä"]);
});

test("an error between two items is thrown after the first", async (t) => {
  const status = { state: "failed", statusCode: "PackageError", statusMessage: "No more of it.", requestId: "R-1" };
  const { instance } = await replying(t, eventStream("data: 1\n\n", `event: error\ndata: ${JSON.stringify({ status })}\n\n`));
  const items = instance.stream("count");
  assert.deepEqual(await items.next(), { done: false, value: 1 });
  await assert.rejects(items.next(), (error) => error instanceof PackageError && /No more/.test(error.message) && error.requestId === "R-1");
});

test("an answer that breaks off is told after what came of it", async (t) => {
  const { instance } = await replying(t, { ...eventStream("data: 1\n\n"), breakOff: true });
  const items = instance.stream("count");
  assert.deepEqual(await items.next(), { done: false, value: 1 });
  await assert.rejects(items.next(), PackageReplyError);
});

test("a refused call and a call without an answer are errors of the first item", async (t) => {
  const { instance } = await replying(t, failed(404, "NotFound", "No handler."));
  await assert.rejects(instance.stream("count").next(), NotFoundError);
  const { instance: silent } = await replying(t, { silent: true });
  await assert.rejects(silent.stream("count", {}, { timeoutMs: 50 }).next(), PackageTimeoutError);
});

test("what is no stream is given all the same: a list's items, another value, text and bytes in pieces", async (t) => {
  const list = await replying(t, json([1, [2]]));
  assert.deepEqual(await all(list.instance.stream("m")), [1, [2]]);
  const value = await replying(t, json({ a: 1 }));
  assert.deepEqual(await all(value.instance.stream("m")), [{ a: 1 }]);
  const text = await replying(t, { headers: { "Content-Type": "text/plain" }, pieces: ["a", "ä"] });
  assert.equal((await all(text.instance.stream("m"))).join(""), "aä");
  const bytes = await replying(t, { headers: { "Content-Type": "image/png" }, pieces: [new Uint8Array([1, 2])] });
  assert.deepEqual(await all(bytes.instance.stream("m")), [new Uint8Array([1, 2])]);
});

test("leaving the loop gives the call up", async (t) => {
  const endless = Array.from({ length: 100_000 }, (_, number) => `data: ${number}\n\n`);
  const { instance } = await replying(t, eventStream(...endless));
  const seen: unknown[] = [];
  for await (const item of instance.stream("count")) {
    seen.push(item);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, [0, 1, 2]);
});
