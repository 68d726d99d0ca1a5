/**
 * The handle of an instance that was given a config and no handle.
 *
 * Every SDK must derive the same handle from the same config, so the digest is taken over the exact
 * text that Python's `json.dumps(..., sort_keys=True)` writes.
 */
import { InvalidConfigError } from "./errors.js";
import { md5 } from "./md5.js";

/** `{package}-{md5}` of the config together with the version (null when there is none). */
export function derivedHandle(packageHandle: string, config: object, version: string | null): string {
  return `${packageHandle}-${md5(pythonJson({ ...config, version }))}`;
}

/**
 * JSON as Python writes it: `", "` and `": "`, keys in code point order, everything beyond ASCII
 * escaped. A whole number is written without a fraction: JavaScript cannot tell 1.0 from 1.
 */
export function pythonJson(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" && Number.isFinite(value)) return pythonNumber(value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    entries.sort(([left], [right]) => byCodePoint(left, right));
    return `{${entries.map(([key, member]) => `${quoted(key)}: ${pythonJson(member)}`).join(", ")}}`;
  }
  throw new InvalidConfigError(
    `The config holds ${String(value)}, which JSON cannot express. Use text, numbers, booleans, lists and objects.`,
  );
}

function quoted(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[\x7f-\uffff]/g, escaped);
}

function pythonNumber(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  // Both languages write the shortest digits that read back the same; they differ in when the
  // exponent appears (Python: below 1e-4) and in its two digits.
  if (Number(exponent) >= -4) return String(value);
  return `${digits}e-${exponent.slice(1).padStart(2, "0")}`;
}

function byCodePoint(left: string, right: string): number {
  const [a, b] = [Array.from(left), Array.from(right)];
  const at = a.findIndex((character, i) => character !== b[i]);
  if (at === -1) return a.length - b.length;
  return b[at] === undefined ? 1 : a[at]!.codePointAt(0)! - b[at].codePointAt(0)!;
}
