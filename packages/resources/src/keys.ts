/** What a key of a document holds. */
export type LeafKind =
  | "text"
  | "texts"
  /** Tri-state: a boolean or a word; absent is neither. */
  | "flag"
  /** A plain boolean. */
  | "switch"
  | "number"
  /** Go's form of a duration. */
  | "duration"
  /** RFC 3339. */
  | "time"
  /** Names to a text or a list of texts. */
  | "value-lists"
  /** Names to texts. */
  | "text-map"
  /** Not looked at. */
  | "anything";

/** A key that holds a value. */
export interface LeafKey {
  readonly kind: LeafKind;
  readonly help: string;
  /** First server version that knows it; absent: all of them. Older ones ignore it silently. */
  readonly since?: string;
  /** The values it may have. */
  readonly values?: readonly string[];
}

/** A key that holds further keys: once (`block`), or as a list (`list`). */
export interface NestedKey {
  readonly kind: "block" | "list";
  readonly help: string;
  readonly since?: string;
  readonly keys: KeyTable;
}

/** One key of a document. */
export type Key = LeafKey | NestedKey;

/** The keys of one mapping, from which decoding, hints, conversion and the JSON Schema are derived. */
export type KeyTable = Readonly<Record<string, Key>>;

/** The key table of a type: the same names, none forgotten. */
export type KeysOf<Type> = { readonly [Name in keyof Type]-?: Key };

/** Makes a key of text. */
export function textKey(help: string, more: Partial<LeafKey> = {}): LeafKey {
  return { kind: "text", help, ...more };
}

/** Makes a key of some other value. */
export function leafKey(kind: LeafKind, help: string, more: Partial<LeafKey> = {}): LeafKey {
  return { ...more, kind, help };
}

/** Makes a key of a list of mappings. */
export function listKey(help: string, keys: KeyTable): NestedKey {
  return { kind: "list", help, keys };
}

/** Makes a key of a mapping. */
export function blockKey(help: string, keys: KeyTable, since?: string): NestedKey {
  return since === undefined ? { kind: "block", help, keys } : { kind: "block", help, keys, since };
}
