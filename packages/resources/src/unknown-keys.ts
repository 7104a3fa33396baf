import { nearestSpelling } from "@bot-join/core";
import type { DocumentPath, DocumentProblem } from "./problem.ts";

/** What is looked at of a valibot schema, by its kind. */
interface Description {
  type?: unknown;
  entries?: Record<string, unknown>;
  item?: unknown;
  wrapped?: unknown;
  pipe?: readonly unknown[];
}

/**
 * Lists the keys that a shape does not know, with the nearest right one. The server ignores them silently, and
 * a rule without its misspelt field admits more than was meant (provision-token.md section 1).
 */
export function findUnknownKeys(shape: unknown, value: unknown, path: DocumentPath = []): DocumentProblem[] {
  const schema = shape as Description;
  if (schema.pipe !== undefined) return schema.pipe.flatMap((step) => findUnknownKeys(step, value, path));
  if (schema.wrapped !== undefined) return findUnknownKeys(schema.wrapped, value, path);
  if (schema.type === "array" && Array.isArray(value)) {
    return value.flatMap((item, index) => findUnknownKeys(schema.item, item, [...path, index]));
  }
  const entries = schema.entries;
  if (schema.type !== "object" || entries === undefined || typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    Object.hasOwn(entries, key)
      ? findUnknownKeys(entries[key], inner, [...path, key])
      : [{ path: [...path, key], message: unknownKey(key, Object.keys(entries)) }],
  );
}

/** Longer words are neither quoted nor compared with right ones, in UTF-16 units: no resource has such a key. */
export const maxShownLength: number = 100;

function unknownKey(key: string, known: string[]): string {
  if (key.length > maxShownLength) return "unknown key, which the server ignores silently";
  const nearest = nearestSpelling(key, known);
  const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return `unknown key ${JSON.stringify(key)}, which the server ignores silently${hint}`;
}
