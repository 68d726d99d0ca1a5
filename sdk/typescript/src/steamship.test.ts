import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { derivedHandle } from "./derived-handle.js";
import { AuthenticationError, InvalidConfigError, InvalidRequestError, PackageError } from "./errors.js";
import { PackageInstance, PackageInstanceRef, Steamship } from "./index.js";
import { KEY, type Received, StubEngine, failed, startStub } from "./testing/stub-engine.js";

/** Set the process's environment to this engine alone until the test ends. */
async function surround(test: TestContext, values: Record<string, string>): Promise<string> {
  const before = { ...process.env };
  const home = await mkdtemp(join(tmpdir(), "home-"));
  for (const name of Object.keys(process.env)) if (name.startsWith("STEAMSHIP_")) delete process.env[name];
  Object.assign(process.env, { HOME: home, USERPROFILE: home, ...values });
  test.after(async () => {
    // The object itself stays: only it reaches the process's real environment.
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    await rm(home, { recursive: true });
  });
  return home;
}

function surroundedBy(test: TestContext, engine: StubEngine) {
  return surround(test, { STEAMSHIP_API_KEY: KEY, STEAMSHIP_API_BASE: engine.apiBase });
}

function bodyOf(request: Received | undefined): Record<string, unknown> {
  return JSON.parse(request!.body);
}

test("`use` is one request, which names the workspace after the instance and asks for the round trip", async (t) => {
  const engine = await startStub(t);
  await surroundedBy(t, engine);
  await Steamship.use("greeter", "my-handle");
  assert.equal(engine.requests.length, 1);
  const [request] = engine.requests;
  assert.equal(request!.verb, "POST");
  assert.equal(request!.path, "/api/v1/package/instance/create");
  assert.equal(request!.headers["authorization"], `Bearer ${KEY}`);
  assert.equal(request!.headers["content-type"], "application/json");
  assert.equal(request!.headers["x-steamship-accept"], "use/1");
  assert.deepEqual(bodyOf(request), {
    packageHandle: "greeter",
    handle: "my-handle",
    workspaceHandle: "my-handle",
    createWorkspace: true,
    fetchIfExists: true,
    initWaitMs: 30_000,
  });
});

test("the instance's handle is the package's where none is given", async (t) => {
  const engine = await startStub(t);
  await surroundedBy(t, engine);
  await Steamship.use("greeter");
  const { handle, workspaceHandle } = bodyOf(engine.requests[0]);
  assert.deepEqual([handle, workspaceHandle], ["greeter", "greeter"]);
});

test("version and config travel in the forms documented, and a plain object in third place is the config", async (t) => {
  const engine = await startStub(t);
  await surroundedBy(t, engine);
  await Steamship.use("p", "i", "1.0.0");
  await Steamship.use("p", "i", undefined, { key: "value" });
  await Steamship.use("p", "i", { key: "value" });
  await Steamship.use("p", "i", "1.0.0", {});
  const sent = engine.requests.map((request) => {
    const { packageVersionHandle, config } = bodyOf(request);
    return [packageVersionHandle, config];
  });
  const config = { key: "value" };
  assert.deepEqual(sent, [["1.0.0", undefined], [undefined, config], [undefined, config], ["1.0.0", {}]]);
});

test("`use` returns at once an awaitable whose value is settled and no awaitable itself", async (t) => {
  const engine = await startStub(t);
  await surroundedBy(t, engine);
  const ref = Steamship.use("greeter", "my-handle");
  assert.ok(ref instanceof PackageInstanceRef);
  assert.equal(engine.requests.length, 0);
  const instance = await ref;
  assert.ok(instance instanceof PackageInstance);
  assert.equal("then" in instance, false);
  assert.equal(instance.invocationURL, `${engine.base}@alice/my-handle/my-handle/`);
  assert.equal(await ref, instance);
  assert.equal(engine.requests.length, 1);
});

test("calls made before the instance is there wait for the one creation", async (t) => {
  const engine = await startStub(t);
  await surroundedBy(t, engine);
  const instance = Steamship.use("greeter", "my-handle");
  await Promise.all([instance.invoke("a"), instance.invoke("b")]);
  assert.deepEqual(engine.requests.map(({ path }) => path.split("/").at(-1)).sort(), ["a", "b", "create"]);
  assert.equal(engine.requests[0]!.path, "/api/v1/package/instance/create");
});

test("a client works in its own workspace: named, by id, or the default one", async (t) => {
  const engine = await startStub(t);
  await surround(t, {});
  await new Steamship({ ...engine.options, workspaceHandle: "mine" }).use("p", "i");
  await new Steamship(engine.options).use("p", "i");
  await new Steamship({ ...engine.options, workspaceId: "ID" }).use("p", "i");
  const [named, fallback, byId] = engine.requests;
  assert.equal(bodyOf(named)["workspaceHandle"], "mine");
  assert.equal(bodyOf(fallback)["workspaceHandle"], "default");
  assert.equal(byId!.headers["x-workspace-id"], "ID");
  assert.equal("workspaceHandle" in bodyOf(byId), false);
});

test("a client derives the handle from config and version, unless one is given", async (t) => {
  const engine = await startStub(t);
  await surround(t, {});
  const client = new Steamship(engine.options);
  const refs = [client.use("p"), client.use("p", null, { a: 1 }), client.use("p", null, "2", {}), client.use("p", "i", { a: 1 })];
  const expected = ["p", derivedHandle("p", { a: 1 }, null), derivedHandle("p", {}, "2"), "i"];
  assert.deepEqual(refs.map(({ handle }) => handle), expected);
  for (const [i, ref] of refs.entries()) {
    await ref;
    assert.equal(bodyOf(engine.requests.at(-1))["packageHandle"], "p");
    assert.ok(engine.requests.some((request) => bodyOf(request)["handle"] === expected[i]));
  }
});

test("an instance that initializes is asked for, in its workspace, until it is complete", async (t) => {
  let asked = 0;
  const engine = await startStub(t, ({ path }, engine) => {
    const initStatus = path.endsWith("/get") && ++asked === 2 ? "complete" : "initializing";
    return engine.enveloped({ initStatus });
  });
  await surround(t, {});
  const instance = await new Steamship(engine.options).use("p", "i");
  assert.equal(instance.initStatus, "complete");
  const polls = engine.sent("package/instance/get");
  assert.equal(polls.length, 2);
  assert.deepEqual(bodyOf(polls[0]), { id: instance.id });
  assert.equal(polls[0]!.headers["x-workspace-id"], instance.workspaceId);
});

test("a failed init rejects with the engine's message and says that the instance stays", async (t) => {
  const engine = await startStub(t, (_, engine) => engine.enveloped({ initStatus: "failed", initMessage: "no such table" }));
  await surround(t, {});
  await assert.rejects(async () => new Steamship(engine.options).use("p", "i"), (error) => {
    assert.ok(error instanceof PackageError);
    assert.match(error.message, /"my-handle" of "greeter" failed to initialize: no such table/);
    assert.match(error.suggestion!, /stays/);
    return true;
  });
});

test("a failed creation rejects whoever awaits and each call, with the engine's error", async (t) => {
  const engine = await startStub(t, () => failed(400, "InvalidConfig", 'Missing "name".', { statusSuggestion: "Pass it." }));
  await surround(t, {});
  const instance = new Steamship(engine.options).use("p", "i");
  const outcomes = await Promise.allSettled([instance, instance.invoke("a"), instance.invoke("b")]);
  for (const outcome of outcomes) {
    assert.equal(outcome.status, "rejected");
    const error = (outcome as PromiseRejectedResult).reason;
    assert.ok(error instanceof InvalidConfigError);
    assert.deepEqual(
      [error.message, error.suggestion, error.requestId, error.httpStatus],
      ['Missing "name".', "Pass it.", "R-1", 400],
    );
  }
  assert.equal(engine.requests.length, 1);
});

test("wrong arguments of `use` reject, and send nothing", async (t) => {
  const engine = await startStub(t);
  await surroundedBy(t, engine);
  const use = Steamship.use as (...args: unknown[]) => PackageInstanceRef;
  for (const [args, pattern] of [
    [["p", "i", { a: 1 }, { b: 2 }], /two configs/],
    [["p", "i", 1], /version "1" is no text/],
    [["p", "i", undefined, "x"], /config "x" is no plain object/],
    [["p", "i", new Date(0)], /no plain object/],
    [["p", { a: 1 }], /instance handle "\[object Object\]" is no text/],
    [[undefined, "i"], /package handle "undefined" is no text/],
  ] as const) {
    await assert.rejects(async () => use.call(Steamship, ...args), (error) => {
      assert.ok(error instanceof InvalidRequestError);
      assert.match(error.message, pattern);
      return true;
    });
  }
  assert.equal(engine.requests.length, 0);
});

test("key and base are read from ~/.steamship.json, and without a key `ship login` is named", async (t) => {
  const engine = await startStub(t);
  const home = await surround(t, {});
  await assert.rejects(async () => Steamship.use("p"), (error) => {
    assert.ok(error instanceof AuthenticationError);
    assert.match(error.message, /`ship login`/);
    return true;
  });
  assert.equal(engine.requests.length, 0);
  await writeFile(join(home, ".steamship.json"), JSON.stringify({ apiKey: "from-file", apiBase: engine.apiBase }));
  await Steamship.use("p");
  assert.equal(engine.requests[0]!.headers["authorization"], "Bearer from-file");
});
