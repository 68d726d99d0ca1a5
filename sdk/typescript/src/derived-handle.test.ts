import assert from "node:assert/strict";
import { test } from "node:test";
import { derivedHandle, pythonJson } from "./derived-handle.js";
import { InvalidConfigError } from "./errors.js";

// The right-hand sides were written by CPython 3.11: json.dumps(value, sort_keys=True).
const WRITTEN: [value: unknown, text: string][] = [
  [{ b: 1, a: [1, 2, { d: null, c: true }] }, '{"a": [1, 2, {"c": true, "d": null}], "b": 1}'],
  [{}, "{}"],
  [[], "[]"],
  ["é€😀\x7f\x00\n\t\b\f\r\"\\/", '"\\u00e9\\u20ac\\ud83d\\ude00\\u007f\\u0000\\n\\t\\b\\f\\r\\"\\\\/"'],
  [{ "\u{1F600}": 1, "\uFFFD": 2, ab: 3, a: 4, Z: 5 }, '{"Z": 5, "a": 4, "ab": 3, "\\ufffd": 2, "\\ud83d\\ude00": 1}'],
  [[0.1, -2.5, 0.0001, 0.00001, 1.5e-7, 1.25e-300, 123456789.125], "[0.1, -2.5, 0.0001, 1e-05, 1.5e-07, 1.25e-300, 123456789.125]"],
  [[0, -7, 9007199254740991, 1e20], "[0, -7, 9007199254740991, 100000000000000000000]"],
];

test("JSON is written as Python writes it with sorted keys", () => {
  for (const [value, text] of WRITTEN) assert.equal(pythonJson(value), text);
});

test("a member that is undefined is left out, as in any JSON", () => {
  assert.equal(pythonJson({ a: undefined, b: 1 }), '{"b": 1}');
});

test("a derived handle is the one that the Python clients derive", () => {
  const config = { name: "Ünï", n: 1 };
  assert.equal(derivedHandle("greeter", config, null), "greeter-4f437d8ed2da52daf7f22412827209ec");
  assert.equal(derivedHandle("greeter", config, "1.0.0"), "greeter-4f9fd433653eecf050fac20179b326cd");
});

test("a config that JSON cannot express is refused with the value", () => {
  assert.throws(() => pythonJson({ a: Number.NaN }), (error) => error instanceof InvalidConfigError && /NaN/.test(error.message));
});
