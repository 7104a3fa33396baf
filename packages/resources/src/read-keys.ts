import { nearestSpelling } from "@bot-join/core";
import type { Key, KeyTable } from "./keys.ts";
import { isMapping } from "./mapping.ts";
import type { DocumentPath, DocumentProblem } from "./problem.ts";
import { isAtLeast, type ServerVersion } from "./server-version.ts";
import { flagMeaning } from "./shape.ts";
import { maxShownLength } from "./unknown-keys.ts";

/** A document as a server of some version sees it, and what it overlooks. */
export interface KnownPart {
  value: unknown;
  /** At keys. */
  unknown: DocumentProblem[];
  /** At values. */
  doubtful: DocumentProblem[];
}

/**
 * Drops the keys that this version of the server does not know, and says of each what it may have been meant for; lists
 * the words for switches that are taken for false (provision-token.md section 1).
 */
export function readKnownKeys(
  value: unknown,
  keys: KeyTable,
  server: ServerVersion,
  places: KeyPlaces,
): KnownPart {
  const unknown: DocumentProblem[] = [];
  const doubtful: DocumentProblem[] = [];
  const readMapping = (mapping: unknown, table: KeyTable, path: DocumentPath): unknown => {
    if (!isMapping(mapping)) return mapping;
    const kept: [string, unknown][] = [];
    for (const [name, inner] of Object.entries(mapping)) {
      const at = [...path, name];
      const key = Object.hasOwn(table, name) ? table[name] : undefined;
      if (key === undefined) {
        unknown.push({ path: at, message: adviseOn(name, path, Object.keys(table), places) });
      } else if (key.since !== undefined && !isAtLeast(server, key.since)) {
        const message = `servers know ${JSON.stringify(name)} from version ${key.since} on; this one ignores it silently`;
        unknown.push({ path: at, message });
      } else {
        kept.push([name, readValue(inner, key, at)]);
      }
    }
    return Object.fromEntries(kept);
  };
  const readValue = (inner: unknown, key: Key, path: DocumentPath): unknown => {
    if (key.kind === "block") return readMapping(inner, key.keys, path);
    if (key.kind === "list") {
      if (!Array.isArray(inner)) return inner;
      return inner.map((item, index) => readMapping(item, key.keys, [...path, index]));
    }
    if (key.kind === "flag" && typeof inner === "string" && flagMeaning(inner) === undefined) {
      const message = `${JSON.stringify(inner.slice(0, 20))} is neither true nor false: the server takes it for false without a word`;
      doubtful.push({ path, message });
    }
    return inner;
  };
  return { value: readMapping(value, keys, []), unknown, doubtful };
}

/** Where else each key of a document may stand, in words, such as "the rules of gitlab". */
export type KeyPlaces = ReadonlyMap<string, readonly string[]>;

function adviseOn(key: string, path: DocumentPath, known: string[], places: KeyPlaces): string {
  if (key.length > maxShownLength) return "unknown key, which the server ignores silently";
  const message = `unknown key ${JSON.stringify(key)}, which the server ignores silently`;
  const elsewhere = places.get(key);
  if (elsewhere !== undefined) {
    const shown = elsewhere.length > 3 ? [...elsewhere.slice(0, 3), "others"] : elsewhere;
    return `${message}; it is a key of ${shown.join(", ")}, not of ${describePlace(path)}`;
  }
  const nearest = nearestSpelling(key, known);
  return nearest === undefined ? message : `${message}; did you mean "${nearest}"?`;
}

function describePlace(path: DocumentPath): string {
  const [, block] = path;
  if (path.at(-2) === "allow")
    return block === "allow" ? "the rules of ec2 and iam" : `the rules of ${block}`;
  return path.length === 0 ? "the document" : path.join(".");
}

/** Lists where each key of a token's document may stand. */
export function findKeyPlaces(table: KeyTable, path: readonly string[] = []): Map<string, string[]> {
  const places = new Map<string, string[]>();
  const add = (name: string, place: string): void => {
    places.set(name, [...(places.get(name) ?? []), place]);
  };
  for (const [name, key] of Object.entries(table)) {
    const inRules = path.at(-1) === "allow";
    add(name, inRules ? describePlace([...path, 0]) : describePlace(path));
    if (key.kind !== "block" && key.kind !== "list") continue;
    for (const [inner, found] of findKeyPlaces(key.keys, [...path, name])) {
      for (const place of found) add(inner, place);
    }
  }
  return places;
}
