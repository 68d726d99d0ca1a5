import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { type ConfigurationOptions, type ConfigurationSources, resolveConfiguration } from "./configuration.js";
import { AuthenticationError, InvalidRequestError, type SteamshipError } from "./errors.js";

function sources(environment: Record<string, string>, file?: unknown): ConfigurationSources {
  const text = typeof file === "string" ? file : JSON.stringify(file);
  return { environment, readFile: async () => (file === undefined ? null : { path: "/home/a/.steamship.json", text }) };
}

async function resolved(options: ConfigurationOptions, environment: Record<string, string> = {}, file?: unknown) {
  const found = await resolveConfiguration(options, sources(environment, file));
  return { ...found, authorization: found.authorization() };
}

async function refused(
  kind: typeof SteamshipError,
  pattern: RegExp,
  options: ConfigurationOptions,
  environment: Record<string, string> = {},
  file?: unknown,
) {
  await assert.rejects(resolved(options, environment, file), (error) => {
    assert.ok(error instanceof kind, String(error));
    assert.match(error.message, pattern);
    assert.doesNotMatch(inspect(error), /sesame/);
    return true;
  });
}

const FILE = {
  apiKey: "file-key",
  apiBase: "https://file.test/api/v1/",
  webBase: "https://file.test/",
  profiles: { staging: { apiKey: "staging-key", apiBase: "https://staging.test/api/v1" }, empty: {} },
};

test("an argument wins over the environment, that over the file, that over the default", async () => {
  const environment = { STEAMSHIP_API_KEY: "env-key", STEAMSHIP_API_BASE: "https://env.test/api/v1/" };
  const found = await resolved({ apiKey: "argument-key" }, environment, FILE);
  assert.equal(found.authorization, "Bearer argument-key");
  assert.equal(found.apiBase, "https://env.test/api/v1/");
  assert.equal(found.webBase, "https://file.test/");
  assert.equal(found.appBase, "http://localhost:8080/");
});

test("each of the variables is read", async () => {
  const found = await resolved({}, {
    STEAMSHIP_API_KEY: "env-key",
    STEAMSHIP_API_BASE: "https://env.test/api/v1/",
    STEAMSHIP_APP_BASE: "https://app.test/",
    STEAMSHIP_WEB_BASE: "https://web.test/",
    STEAMSHIP_WORKSPACE_ID: "ID",
    STEAMSHIP_WORKSPACE_HANDLE: "work",
  });
  assert.deepEqual(found, {
    authorization: "Bearer env-key",
    apiBase: "https://env.test/api/v1/",
    appBase: "https://app.test/",
    webBase: "https://web.test/",
    workspaceId: "ID",
    workspaceHandle: "work",
  });
});

test("the default bases are those of a local engine", async () => {
  const { apiBase, appBase, webBase } = await resolved({ apiKey: "k" });
  assert.deepEqual([apiBase, appBase, webBase], ["http://localhost:8080/api/v1/", "http://localhost:8080/", "http://localhost:8080/"]);
});

test("a base gets the slash that it lacks", async () => {
  assert.equal((await resolved({ apiKey: "k", apiBase: "http://a.test/api/v1" })).apiBase, "http://a.test/api/v1/");
});

test("a profile, named by argument or variable, stands in place of the file's top level", async () => {
  for (const [options, environment] of [
    [{ profile: "staging" }, {}],
    [{}, { STEAMSHIP_PROFILE: "staging" }],
    [{ profile: "staging" }, { STEAMSHIP_PROFILE: "empty" }],
  ] as const) {
    const found = await resolved(options, environment, FILE);
    assert.equal(found.authorization, "Bearer staging-key");
    assert.equal(found.apiBase, "https://staging.test/api/v1/");
    assert.equal(found.webBase, "http://localhost:8080/");
  }
});

test("an empty variable and a null in the file count as absent", async () => {
  const found = await resolved({}, { STEAMSHIP_API_KEY: "" }, { ...FILE, webBase: null });
  assert.equal(found.authorization, "Bearer file-key");
  assert.equal(found.webBase, "http://localhost:8080/");
});

test("a workspace handle given as argument is not overruled by an id from the environment", async () => {
  const found = await resolved({ apiKey: "k", workspaceHandle: "mine" }, { STEAMSHIP_WORKSPACE_ID: "ID" });
  assert.deepEqual([found.workspaceId, found.workspaceHandle], [undefined, "mine"]);
});

test("without a key the error names `ship login`, and the profile that was looked in", async () => {
  await refused(AuthenticationError, /no API key.*`ship login`/, {});
  await refused(AuthenticationError, /profile "nowhere".*`ship login`/, { profile: "nowhere" }, {}, FILE);
});

test("a file that is no JSON object is named, and its content is not repeated", async () => {
  await refused(InvalidRequestError, /"\/home\/a\/.steamship.json" is not a JSON object/, {}, {}, '{"apiKey": "sesame" oops');
  await refused(InvalidRequestError, /is not a JSON object/, {}, {}, "[]");
  await refused(InvalidRequestError, /"apiKey" in "\/home\/a\/.steamship.json" is not text/, {}, {}, { apiKey: 5 });
});

test("a key that cannot be a header is refused without being repeated", async () => {
  await refused(AuthenticationError, /`ship login`/, { apiKey: "sesame\nX-Evil: 1" });
  await refused(AuthenticationError, /`ship login`/, { apiKey: "sesame sesame" });
});

test("a base that is no http address is refused with its value, one with a password without", async () => {
  await refused(InvalidRequestError, /apiBase "ftp:\/\/a.test" is no base address/, { apiKey: "k", apiBase: "ftp://a.test" });
  await refused(InvalidRequestError, /webBase "localhost" is no base address/, { apiKey: "k", webBase: "localhost" });
  await refused(InvalidRequestError, /password/, { apiKey: "k", apiBase: "http://alice:sesame@a.test/" });
});

test("neither inspection nor JSON of a configuration shows the key", async () => {
  const found = await resolveConfiguration({ apiKey: "sesame" }, sources({}));
  assert.doesNotMatch(inspect(found, { showHidden: true, getters: true, depth: 9 }) + JSON.stringify(found), /sesame/);
});
