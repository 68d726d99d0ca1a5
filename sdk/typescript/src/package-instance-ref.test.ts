import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { KEY, failed, startStub } from "./testing/stub-engine.js";

/** Run lines in a process of their own, where an unhandled rejection is fatal. */
async function run(apiBase: string, lines: string): Promise<{ code: number | null; errors: string; output: string }> {
  const source = `import { Steamship } from ${JSON.stringify(new URL("./index.js", import.meta.url).href)};
    const client = new Steamship({ apiKey: "${KEY}", apiBase: "${apiBase}", workspaceHandle: "w" });
    ${lines}`;
  const child = spawn(process.execPath, ["--unhandled-rejections=strict", "--input-type=module", "--eval", source], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const shown = { output: "", errors: "" };
  child.stdout.on("data", (chunk) => (shown.output += chunk));
  child.stderr.on("data", (chunk) => (shown.errors += chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, ...shown };
}

const refusing = () => failed(404, "NotFound", 'No package "p".');

test("a failed creation that nobody awaits ends nothing", async (t) => {
  const engine = await startStub(t, refusing);
  const { code, errors } = await run(engine.apiBase, 'client.use("p");');
  assert.deepEqual([code, errors], [0, ""]);
  assert.equal(engine.requests.length, 1);
});

test("nor do calls on it that nobody awaits", async (t) => {
  const engine = await startStub(t, refusing);
  const { code, errors } = await run(engine.apiBase, 'const i = client.use("p"); i.invoke("a"); i.invoke("b");');
  assert.deepEqual([code, errors], [0, ""]);
});

test("nor do arguments that `use` refuses", async (t) => {
  const engine = await startStub(t, refusing);
  const { code, errors } = await run(engine.apiBase, 'client.use(5); client.use("p", "i", 5).invoke("a");');
  assert.deepEqual([code, errors], [0, ""]);
});

test("each call that is awaited is rejected once, and so is a late one", async (t) => {
  const engine = await startStub(t, refusing);
  const { code, errors, output } = await run(
    engine.apiBase,
    `const i = client.use("p");
     const told = (error) => console.log(error.name);
     await Promise.all([i.invoke("a").catch(told), i.invoke("b").catch(told)]);
     await i.invoke("c").catch(told);`,
  );
  assert.deepEqual([code, errors, output], [0, "", "NotFoundError\n".repeat(3)]);
});

test("a call that fails by itself and that nobody awaits is reported by the process", async (t) => {
  const engine = await startStub(t, ({ path }, engine) => (path.startsWith("/api/") ? engine.enveloped() : refusing()));
  const { code, errors } = await run(engine.apiBase, 'client.use("p").invoke("a");');
  assert.equal(code, 1);
  assert.match(errors, /NotFoundError: No package "p"\./);
  assert.ok(!errors.includes(KEY));
});
