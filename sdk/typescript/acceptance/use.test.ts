/**
 * The documented calls, against a real engine.
 *
 * Its address, key and package come from STEAMSHIP_API_BASE, STEAMSHIP_API_KEY and
 * STEAMSHIP_TEST_PACKAGE: a package of one version, 1.0.0, with the method `greet(name: str)`.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { InvalidRequestError, NotFoundError, Steamship, SteamshipError } from "@steamship/client";

const PACKAGE = process.env["STEAMSHIP_TEST_PACKAGE"] ?? "";
assert.ok(PACKAGE, "Set STEAMSHIP_TEST_PACKAGE to the handle of a deployed package.");
const HANDLE = `use-${randomUUID()}`;

test("an instance is used and invoked without waiting in between", async () => {
  const instance = Steamship.use(PACKAGE, HANDLE);
  const result = await instance.invoke("greet", { name: "Beautiful" });
  assert.match(result, /Beautiful/);
});

test("the same handle gives the same instance, another handle another one", async () => {
  const instance1 = await Steamship.use(PACKAGE, HANDLE);
  const instance1_copy = await Steamship.use(PACKAGE, HANDLE);
  const instance2 = await Steamship.use(PACKAGE, `${HANDLE}-2`);
  assert.equal(instance1_copy.id, instance1.id);
  assert.equal(instance1_copy.workspaceId, instance1.workspaceId);
  assert.notEqual(instance2.id, instance1.id);
  assert.notEqual(instance2.workspaceId, instance1.workspaceId);
});

test("three copies begun at once are one instance, named after the package", async () => {
  const instance1 = Steamship.use(PACKAGE);
  const instance1_copy = Steamship.use(PACKAGE);
  const instance1_copy2 = Steamship.use(PACKAGE, PACKAGE);
  const settled = await Promise.all([instance1, instance1_copy, instance1_copy2]);
  assert.deepEqual(settled.map(({ handle }) => handle), [PACKAGE, PACKAGE, PACKAGE]);
  assert.equal(new Set(settled.map(({ id }) => id)).size, 1);
});

test("a version pins, and one that does not exist rejects with its name", async () => {
  const instance = await Steamship.use(PACKAGE, HANDLE, "1.0.0");
  assert.equal(instance.packageVersionHandle, "1.0.0");
  await assert.rejects(Steamship.use(PACKAGE, `${HANDLE}-3`, "9.9.9").invoke("greet"), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.match(error.message, /9\.9\.9/);
    return true;
  });
});

test("a config that the package does not take rejects with the parameter's name", async () => {
  const instance = Steamship.use(PACKAGE, `${HANDLE}-4`, undefined, { no_such_parameter: "value" });
  await assert.rejects(instance.invoke("greet", { name: "x" }), (error) => {
    assert.ok(error instanceof InvalidRequestError);
    assert.match(error.message, /no_such_parameter/);
    return true;
  });
});

test("__dir__ describes the methods, over POST and GET", async () => {
  const instance = Steamship.use(PACKAGE);
  for (const verb of ["POST", "GET"] as const) {
    const description = await instance.invoke("__dir__", {}, { verb });
    assert.match(JSON.stringify(description), /greet/);
  }
});

test("wrong arguments and unknown methods reject with what is wrong", async () => {
  const instance = await Steamship.use(PACKAGE, HANDLE);
  await assert.rejects(instance.invoke("no_such_method"), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.match(error.message, /No handler for POST \/no_such_method available\./);
    return true;
  });
  await assert.rejects(instance.invoke("greet", { nam: "x" }), (error) => {
    assert.ok(error instanceof InvalidRequestError);
    assert.match(error.message, /nam/);
    return true;
  });
});

test("a package that nobody has rejects with its handle", async () => {
  await assert.rejects(async () => Steamship.use("no-such-package"), (error) => {
    assert.ok(error instanceof SteamshipError);
    assert.match(error.message, /no-such-package/);
    return true;
  });
});

test("a client uses packages in its own workspace, and the same call gives the same instance", async () => {
  const client = new Steamship({ workspaceHandle: `${HANDLE}-shared` });
  const first = await client.use(PACKAGE);
  const other = await client.use(PACKAGE, "other");
  assert.equal(first.workspaceHandle, `${HANDLE}-shared`);
  assert.equal(other.workspaceId, first.workspaceId);
  assert.notEqual(other.id, first.id);
  assert.equal((await client.use(PACKAGE)).id, first.id);
});
