import { ResourceError } from "./errors.ts";
import { isMapping } from "./mapping.ts";

/** What a server reads out of a claim. */
export type ClaimValue = string | boolean | number | readonly string[];

/** Claims as a server has decoded them, by their name; nested ones by their path with dots. */
export type Claims = ReadonlyMap<string, ClaimValue>;

/** A claim that a server reads, and the JSON type that it insists on. */
export interface ClaimShape {
  readonly name: string;
  /** Absent: the name itself at the top. */
  readonly path?: readonly string[];
  /** Absent: text. */
  readonly type?: "texts" | "integer" | "number" | "boolean";
}

/** Which claims are read, and how. */
export interface ClaimsReader {
  readonly shapes: readonly ClaimShape[];
  /**
   * Whether names are told apart by case. Most methods decode with a library that takes `Ref` for `ref` too,
   * the last one given winning; Kubernetes tokens are decoded strictly.
   */
  readonly caseSensitive: boolean;
}

/** Lists claims of text by name. */
export function textClaims(...names: string[]): ClaimShape[] {
  return names.map((name) => ({ name }));
}

interface ClaimTree {
  shape?: ClaimShape;
  readonly inner: Map<string, ClaimTree>;
}

const trees = new WeakMap<ClaimsReader, ClaimTree>();

/**
 * Reads the claims that a server looks at, with its strictness (id-tokens.md section 1.2): null counts as absent,
 * other claims may be anything, a wrong JSON type throws ERR_RESOURCE_CLAIM_TYPE. Only own keys count.
 */
export function readClaims(method: string, reader: ClaimsReader, claims: unknown): Claims {
  const found = new Map<string, ClaimValue>();
  let tree = trees.get(reader);
  if (tree === undefined) {
    tree = treeOf(reader.shapes);
    trees.set(reader, tree);
  }
  const fail = (claim: string, wanted: string, value: unknown): ResourceError =>
    new ResourceError({
      code: "ERR_RESOURCE_CLAIM_TYPE",
      kind: "denied",
      message: `Reading the claims of a ${method} ID token: ${claim === "" ? "they" : `claim "${claim}"`} must be ${wanted}, found ${describeType(value)}.`,
      hint: "The server refuses such an ID token whatever its rules say: look at what issues it.",
      details: { claim, found: describeType(value), wanted },
    });
  const read = (value: unknown, node: ClaimTree, path: readonly string[]): void => {
    if (!isMapping(value)) throw fail(path.join("."), "an object", value);
    for (const [key, inner] of Object.entries(value)) {
      const child = node.inner.get(key) ?? (reader.caseSensitive ? undefined : node.inner.get(fold(key)));
      if (child === undefined || inner === null || inner === undefined) continue;
      if (child.shape === undefined) {
        read(inner, child, [...path, key]);
        continue;
      }
      const { name, type } = child.shape;
      const decoded = decode(type, inner);
      if (decoded === undefined) throw fail(name, wantedOf(type), inner);
      found.set(name, decoded);
    }
  };
  read(claims, tree, []);
  return found;
}

/** Gives a claim as text, empty when there is none, as the server's decoder does. */
export function claimText(claims: Claims, name: string): string {
  const value = claims.get(name);
  return typeof value === "string" ? value : "";
}

function treeOf(shapes: readonly ClaimShape[]): ClaimTree {
  const root: ClaimTree = { inner: new Map() };
  for (const shape of shapes) {
    let node = root;
    for (const part of shape.path ?? [shape.name]) {
      const next: ClaimTree = node.inner.get(part) ?? { inner: new Map() };
      node.inner.set(part, next);
      // Claim names with capitals are found by their folded form as well.
      node.inner.set(fold(part), next);
      node = next;
    }
    node.shape = shape;
  }
  return root;
}

/** Folds case as Go's encoding/json does: ASCII letters, and the two characters that fold into them. */
function fold(key: string): string {
  return key
    .replaceAll("\u017f", "s")
    .replaceAll("\u212a", "k")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function decode(type: ClaimShape["type"], value: unknown): ClaimValue | undefined {
  if (type === "integer") return Number.isInteger(value) ? (value as number) : undefined;
  if (type === "number") return typeof value === "number" ? value : undefined;
  if (type === "boolean") return typeof value === "boolean" ? value : undefined;
  if (type === undefined) return typeof value === "string" ? value : undefined;
  if (!Array.isArray(value) || value.some((item) => item !== null && typeof item !== "string"))
    return undefined;
  return value.map((item: string | null) => item ?? "");
}

function wantedOf(type: ClaimShape["type"]): string {
  if (type === "texts") return "a list of texts";
  if (type === "integer") return "a whole number";
  if (type === "number") return "a number";
  return type === "boolean" ? "true or false" : "text";
}

function describeType(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
