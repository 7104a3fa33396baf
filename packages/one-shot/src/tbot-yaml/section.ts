import { nearestSpelling, parseDuration } from "@bot-join/core";
import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { YamlDocument } from "./yaml-document.ts";

/** A duration as it was written, and what it means in milliseconds. */
export interface WrittenDuration {
  text: string;
  ms: number;
}

/**
 * One mapping of a tbot.yaml. Its keys are asked for one by one; `finish` reports those that nobody asked for, which tbot
 * itself ignores silently inside of outputs (outputs.md section 9.1).
 */
export class Section {
  readonly node: Node;
  readonly #document: YamlDocument;
  readonly #entries: ReadonlyMap<string, { key: Node; value: Node | undefined }>;
  readonly #known = new Set<string>();

  constructor(document: YamlDocument, node: Node) {
    this.#document = document;
    this.node = node;
    this.#entries = document.entries(node);
  }

  problem(key: string | undefined, what: string): void {
    const entry = key === undefined ? undefined : this.#entries.get(key);
    this.#document.problem(entry?.value ?? entry?.key ?? this.node, what);
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  text(key: string): string | undefined {
    const node = this.#get(key);
    if (node === undefined) return undefined;
    const text = textOf(node);
    if (text === undefined) this.#document.problem(node, `${key} must be a text`);
    return text;
  }

  /** A text that has to be there and to hold something; `empty` is said otherwise. */
  requiredText(key: string, empty: string): string {
    const text = this.text(key);
    if (text === undefined || text === "") this.problem(key, empty);
    return text ?? "";
  }

  /** A text that is not empty: `cluster: ""` is what tbot has where no cluster is named. */
  optionalText(key: string): string | undefined {
    return this.text(key) || undefined;
  }

  choice<Value extends string>(key: string, values: readonly Value[]): Value | undefined {
    const text = this.optionalText(key);
    if (text === undefined) return undefined;
    const value = values.find((each) => each === text);
    if (value !== undefined) return value;
    const near = nearestSpelling(text, values);
    const guess = near === undefined ? "" : `; did you mean ${near}?`;
    this.problem(key, `${key} cannot be ${JSON.stringify(text)}: it is one of ${values.join(", ")}${guess}`);
    return undefined;
  }

  boolean(key: string): boolean | undefined {
    const node = this.#get(key);
    if (node === undefined) return undefined;
    if (isScalar(node) && typeof node.value === "boolean") return node.value;
    const word = textOf(node)?.toLowerCase() ?? "";
    // Go's parser takes the words of YAML 1.1 where a boolean is wanted.
    if (["yes", "on", "y"].includes(word)) return true;
    if (["no", "off", "n"].includes(word)) return false;
    this.#document.problem(node, `${key} must be true or false`);
    return undefined;
  }

  duration(key: string): WrittenDuration | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0) return { text, ms };
    this.problem(key, `${key} must be a duration above zero with its unit, such as 30m or 1h30m`);
    return undefined;
  }

  texts(key: string): string[] | undefined {
    const node = this.#get(key);
    if (node === undefined) return undefined;
    const values = isSeq(node) ? node.items.map((item) => textOf(this.#document.resolve(item))) : [undefined];
    if (values.every((value) => value !== undefined)) return values;
    this.#document.problem(node, `${key} must be a list of texts`);
    return undefined;
  }

  /** A mapping from text to text. */
  textMap(key: string): Record<string, string> | undefined {
    const entries = [...(this.section(key)?.takeAll() ?? [])];
    const texts = entries.flatMap(([name, value]): [string, string][] => {
      const text = textOf(value);
      if (text !== undefined) return [[name, text]];
      this.problem(key, `${key}: the value of ${name} must be a text`);
      return [];
    });
    return this.has(key) ? Object.fromEntries(texts) : undefined;
  }

  section(key: string): Section | undefined {
    const node = this.#get(key);
    if (node === undefined) return undefined;
    if (isMap(node)) return new Section(this.#document, node);
    this.#document.problem(node, `${key} must be a mapping`);
    return undefined;
  }

  /** The mappings of a list. */
  sections(key: string): Section[] {
    const node = this.#get(key);
    if (node === undefined) return [];
    if (!isSeq(node)) {
      this.#document.problem(node, `${key} must be a list`);
      return [];
    }
    return sectionsOf(this.#document, node.items, `an entry of ${key}`);
  }

  /** Reports keys that tbot has and a one-shot join cannot take, each with the reason. */
  refuse(reasons: Readonly<Record<string, string>>): void {
    for (const [key, reason] of Object.entries(reasons)) {
      if (this.has(key))
        this.#document.problem(this.#entries.get(key)?.key, `${key} cannot be used: ${reason}`);
    }
  }

  /** All entries, whose keys are the user's own. */
  *takeAll(): Generator<[string, Node | undefined]> {
    for (const [name, { value }] of this.#entries) {
      this.#known.add(name);
      yield [name, value];
    }
  }

  /** Reports the keys that nothing has asked for. */
  finish(): void {
    for (const [name, { key }] of this.#entries) {
      if (this.#known.has(name)) continue;
      const near = nearestSpelling(name, this.#known);
      const guess = near === undefined ? "" : `; did you mean ${near}?`;
      // What is no name may be a value that was put in the wrong place, and a secret.
      const shown = /^[\w./-]{1,40}$/.test(name) ? ` ${JSON.stringify(name)}` : "";
      this.#document.problem(key, `unknown key${shown}${guess}`);
    }
  }

  #get(key: string): Node | undefined {
    this.#known.add(key);
    const value = this.#entries.get(key)?.value;
    return isScalar(value) && value.value === null ? undefined : value;
  }
}

/** Reads the items of a list that are mappings, and reports those that are none. */
export function sectionsOf(document: YamlDocument, items: readonly unknown[], what: string): Section[] {
  return items.flatMap((item) => {
    const node = document.resolve(item);
    if (node !== undefined && isMap(node)) return [new Section(document, node)];
    document.problem(node, `${what} is a mapping`);
    return [];
  });
}

/** What YAML takes for a number or a boolean is a text here: `token: 1234`, `cluster: on`. */
function textOf(node: Node | undefined): string | undefined {
  if (!isScalar(node) || !["string", "number", "boolean"].includes(typeof node.value)) return undefined;
  return typeof node.value === "string" ? node.value : String(node.source ?? node.value);
}
