import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { md5 } from "./md5.js";

test("md5 is Node's over every length around the block size, and beyond ASCII", () => {
  const texts = Array.from({ length: 200 }, (_, length) => "x".repeat(length));
  for (const text of [...texts, "é€😀", "a".repeat(100_000)]) {
    assert.equal(md5(text), createHash("md5").update(text).digest("hex"));
  }
});
