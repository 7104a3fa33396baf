import { describe, expect, it } from "vitest";
import { checkResources } from "./parse-resources.ts";
import { documentWith, samples } from "./testing/methods.ts";
import { readVector } from "./testing.ts";
import { type JsonSchema, tokenSchema } from "./token-schema.ts";

/** Judges a value by the keywords that the schema uses, and by no others. */
function valid(schema: JsonSchema, value: unknown): boolean {
  const object =
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  const type = Array.isArray(value)
    ? "array"
    : object !== undefined
      ? "object"
      : Number.isInteger(value)
        ? "integer"
        : typeof value;
  const rules: Record<string, (argument: never) => boolean> = {
    type: (wanted: string | string[]) => [wanted].flat().includes(type),
    const: (wanted: unknown) => wanted === value,
    enum: (wanted: unknown[]) => wanted.includes(value),
    minimum: (least: number) => typeof value !== "number" || value >= least,
    minItems: (least: number) => !Array.isArray(value) || value.length >= least,
    items: (inner: JsonSchema) => !Array.isArray(value) || value.every((item) => valid(inner, item)),
    required: (names: string[]) => object === undefined || names.every((name) => Object.hasOwn(object, name)),
    properties: (inner: Record<string, JsonSchema>) =>
      object === undefined ||
      Object.entries(object).every(([key, each]) => inner[key] === undefined || valid(inner[key], each)),
    additionalProperties: (inner: boolean | JsonSchema) =>
      object === undefined ||
      Object.entries(object).every(
        ([key, each]) =>
          Object.hasOwn((schema["properties"] as object) ?? {}, key) ||
          (typeof inner === "object" && valid(inner, each)),
      ),
    anyOf: (inner: JsonSchema[]) => inner.some((each) => valid(each, value)),
    allOf: (inner: JsonSchema[]) => inner.every((each) => valid(each, value)),
    if: (condition: JsonSchema) => !valid(condition, value) || valid(schema["then"] as JsonSchema, value),
  };
  const notes = ["description", "title", "$schema", "then", "format"];
  return Object.entries(schema).every(([keyword, argument]) => {
    const rule = rules[keyword];
    if (rule === undefined && !notes.includes(keyword)) throw new Error(`unknown keyword ${keyword}`);
    return rule === undefined || rule(argument as never);
  });
}

describe("the JSON Schema of tokens", () => {
  const schema = tokenSchema();

  it("is plain JSON", () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  it.each(Object.keys(samples))(
    "takes a token of method %s and no misspelt, empty or missing part of it",
    (method) => {
      const document = documentWith(method, [samples[method]?.rule]);
      expect(valid(schema, document)).toBe(true);
      for (const allow of [[{ ...samples[method]?.rule, zebra: "x" }], [{}], []]) {
        expect(valid(schema, documentWith(method, allow))).toBe(false);
      }
      expect(
        valid(schema, { ...document, spec: { roles: ["Bot"], bot_name: "b", join_method: method } }),
      ).toBe(false);
    },
  );

  it("agrees with the recorded verdicts wherever the server looks at single keys", () => {
    const verdicts = JSON.parse(readVector("token-documents.json")) as Record<
      string,
      { document: unknown; accepted: boolean }
    >;
    const silent = Object.entries(verdicts).filter(
      ([, { document, accepted }]) => accepted && !valid(schema, document),
    );
    // What the server ignores silently is an error in an editor; it also knows roles and methods by other spellings.
    expect(silent.map(([name]) => name)).toEqual(["github unknown key in rule", "unknown key in spec"]);
    const report = checkResources(JSON.stringify(verdicts["unknown key in spec"]?.document), "x");
    expect(report.warnings).not.toEqual([]);
  });
});
