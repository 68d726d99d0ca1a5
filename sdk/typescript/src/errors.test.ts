import assert from "node:assert/strict";
import { test } from "node:test";
import * as face from "./index.js";
import { BusyError, SteamshipError, UnavailableError, errorOfCode } from "./errors.js";

test("every code of the engine gives the class of its name, and an unknown one a plain error that keeps it", () => {
  const kinds = Object.values(face).filter(
    (member): member is typeof SteamshipError => typeof member === "function" && member.prototype instanceof SteamshipError,
  );
  assert.ok(kinds.length > 20);
  for (const kind of kinds) {
    const error = errorOfCode("m", { code: kind.code! });
    assert.equal(error.constructor, kind);
    assert.equal(error.name, kind.name);
    assert.equal(error.httpStatus, kind.httpStatus);
  }
  const unknown = errorOfCode("m", { code: "LaterInvention" });
  assert.equal(unknown.constructor, SteamshipError);
  assert.equal(unknown.code, "LaterInvention");
});

test("an error is caught by its own class and by those above it", () => {
  const error = errorOfCode("Too much at once.", { code: "Busy", suggestion: "Wait.", requestId: "R", httpStatus: 429 });
  assert.ok(error instanceof BusyError && error instanceof UnavailableError && error instanceof Error);
  assert.equal(String(error), "BusyError: Too much at once.");
  assert.deepEqual({ ...error }, { code: "Busy", suggestion: "Wait.", requestId: "R", httpStatus: 429 });
});
