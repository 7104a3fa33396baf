import * as v from "valibot";

/** A schema as the kinds use them: foreign data in, `Output` out. */
export type Shape<Output> = v.GenericSchema<unknown, Output>;

/** Text; absent and null are empty, as in the server's decoder. */
export const text: Shape<string> = v.nullish(v.string(), "");

/** Anything at all: a known key that is not looked at. */
export const ignored: Shape<unknown> = v.nullish(v.unknown());

/** A list; absent and null are empty. */
export function list<Item>(item: Shape<Item>): Shape<Item[]> {
  return v.nullish(v.array(item), () => []);
}

/** A list of texts; absent and null are empty. */
export const texts: Shape<string[]> = list(text);

/** A mapping; valibot alone would take a list for one without keys. */
export function mapping<Output>(shape: Shape<Output>): Shape<Output> {
  return v.pipe(v.custom<unknown>(isMapping), shape);
}

/** A mapping that may be absent or null: its keys are then read as absent. */
export function optionalMapping<Output>(shape: Shape<Output>): Shape<Output> {
  return v.pipe(
    v.nullish(v.unknown(), () => ({})),
    mapping(shape),
  );
}

function isMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Names to values; absent and null are empty. Keys that could reach a prototype are dropped by valibot. */
export function record<Value>(value: Shape<Value>): Shape<Record<string, Value>> {
  return optionalMapping(v.record(v.string(), value));
}

/** Label values: each a text or a list of texts, always a list afterwards. */
export const valueLists: Shape<Record<string, string[]>> = record(
  v.pipe(
    v.nullish(v.union([v.string(), v.array(v.string())]), () => []),
    v.transform((value) => (typeof value === "string" ? [value] : value)),
  ),
);

const trueWords: ReadonlySet<string> = new Set(["yes", "yeah", "y", "true", "1", "on"]);

const falseWords: ReadonlySet<string> = new Set(["no", "nope", "n", "false", "0", "off"]);

/** Tells what a word means for a switch; undefined for one that means nothing and that the server takes for false. */
export function flagMeaning(word: string): boolean | undefined {
  if (trueWords.has(word.toLowerCase())) return true;
  return falseWords.has(word.toLowerCase()) ? false : undefined;
}

/**
 * A switch: a boolean, or a word. Words that mean neither become false without an error, as on the server
 * (provision-token.md section 1). Absent and null give undefined.
 */
export const flag: Shape<boolean | undefined> = v.pipe(
  v.nullish(v.union([v.boolean(), v.string()])),
  v.transform((value) => {
    if (typeof value === "string") return flagMeaning(value) ?? false;
    return value ?? undefined;
  }),
);
