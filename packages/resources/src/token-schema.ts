import { joinMethods } from "./join-methods/registry.ts";
import type { Key, KeyTable } from "./keys.ts";
import { tokenKeys } from "./token-keys.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const leafSchemas: Readonly<Record<string, JsonSchema>> = {
  text: { type: "string" },
  texts: { type: "array", items: { type: "string" } },
  flag: { type: ["boolean", "string"] },
  switch: { type: "boolean" },
  number: { type: "integer", minimum: 0 },
  duration: { type: "string" },
  time: { type: "string", format: "date-time" },
  "value-lists": {
    type: "object",
    additionalProperties: {
      anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
    },
  },
  "text-map": { type: "object", additionalProperties: { type: "string" } },
  anything: {},
};

/**
 * Makes the JSON Schema (2020-12) of `kind: token` documents for editors, from the tables that also decode and check
 * them. Stricter than the server where it is silent: unknown keys are errors.
 */
export function tokenSchema(): JsonSchema {
  const { properties, ...rest } = mappingSchema(tokenKeys);
  const parts = properties as Record<string, JsonSchema>;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Teleport provision token (kind: token, version: v2)",
    ...rest,
    properties: {
      ...parts,
      kind: { const: "token" },
      version: { const: "v2" },
      metadata: { ...parts["metadata"], required: ["name"] },
      spec: { ...parts["spec"], required: ["roles"], allOf: methodConditions() },
    },
    required: ["kind", "version", "metadata", "spec"],
  };
}

function mappingSchema(keys: KeyTable): JsonSchema {
  const properties = Object.entries(keys).map(([name, key]) => [name, keySchema(name, key)]);
  return { type: "object", properties: Object.fromEntries(properties), additionalProperties: false };
}

function keySchema(name: string, key: Key): JsonSchema {
  const since = key.since === undefined ? "" : ` Since version ${key.since}.`;
  const description = `${key.help}${since}`;
  if ("keys" in key) {
    const inner = mappingSchema(key.keys);
    return key.kind === "list" ? { description, type: "array", items: inner } : { description, ...inner };
  }
  const schema = { description, ...leafSchemas[key.kind] };
  if (key.values === undefined) return schema;
  // An empty text counts as absent everywhere.
  return { ...schema, enum: name === "join_method" ? key.values : ["", ...key.values] };
}

/** A method wants its own block, at least one rule in it, and in each rule one of the fields that restrict it. */
function methodConditions(): JsonSchema[] {
  return Object.values(joinMethods).flatMap(({ name, keys, requiresOneOf }) => {
    if (name === "token") return [];
    const items = { anyOf: requiresOneOf.map((field) => ({ required: [field] })) };
    const rules = { type: "array", minItems: 1, items };
    const ownRules = keys === undefined;
    const block = keys?.["allow"] === undefined ? {} : { required: ["allow"], properties: { allow: rules } };
    return [
      {
        if: { properties: { join_method: { const: name } }, required: ["join_method"] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
        then: ownRules
          ? { required: ["allow"], properties: { allow: rules } }
          : { required: [name], properties: { [name]: block } },
      },
    ];
  });
}
