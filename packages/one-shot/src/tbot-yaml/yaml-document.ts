import {
  type Alias,
  type Document,
  isAlias,
  isDocument,
  isMap,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from "yaml";

/** More than any list of outputs needs, in characters. */
const maxLength = 256 * 1024;

/** One key of a mapping: its own node and its value. */
interface Entry {
  key: Node;
  value: Node | undefined;
}

/** A YAML text that is read by hand, because every problem has to come with its line and column. */
export class YamlDocument {
  /** Undefined when the text holds nothing, or is not YAML. */
  readonly root: Node | undefined;
  readonly #lines = new LineCounter();
  /** What every alias stands for. */
  readonly #targets: ReadonlyMap<Alias, Node>;
  /** Mappings that were read, and those that are being read: aliases may lead to one of them many times, or in a circle. */
  readonly #read = new Map<Node, Map<string, Entry>>();
  readonly #problems: string[] = [];

  constructor(text: string) {
    if (text.length > maxLength) this.#problems.push(`it is longer than ${maxLength / 1024} KiB`);
    const options = { lineCounter: this.#lines, uniqueKeys: true, prettyErrors: false };
    const parsed = parseAllDocuments(text.slice(0, maxLength + 1), options);
    const documents = Array.isArray(parsed) ? parsed.filter((each) => isDocument(each)) : [];
    const isBroken = documents.some(({ errors }) => errors.length > 0);
    // The parser's own words for it are about what it took the tab for.
    const tab = text.search(/(?<=^ *)\t/m);
    if (isBroken && tab >= 0) this.problem(tab, "a tab: YAML is indented with spaces");
    for (const document of documents)
      for (const error of document.errors) this.problem(error.pos[0], withoutQuotation(error.message));
    const [first, second] = documents;
    if (second !== undefined)
      this.problem(second.range?.[0] ?? 0, "a second document begins here; only one is read");
    this.#targets = first === undefined ? new Map() : aliasTargets(first);
    this.root = this.resolve(first?.contents);
  }

  /** In the order in which they were found. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Notes what is wrong at a node, or at an offset of the text. */
  problem(at: Node | number | null | undefined, what: string): void {
    const offset = typeof at === "number" ? at : (at?.range?.[0] ?? 0);
    const { line, col } = this.#lines.linePos(offset);
    this.#problems.push(`line ${Math.max(1, line)}, column ${Math.max(1, col)}: ${what}`);
  }

  /** Follows an alias to the node that it stands for. */
  resolve(node: unknown): Node | undefined {
    if (isAlias(node)) return this.#targets.get(node);
    return (node as Node | null | undefined) ?? undefined;
  }

  /** The entries of a mapping by key: the key's own node and the value, null values left out; `<<` merges other mappings. */
  entries(map: Node): ReadonlyMap<string, Entry> {
    const known = this.#read.get(map);
    if (known !== undefined) return known;
    const found = new Map<string, Entry>();
    this.#read.set(map, found);
    if (!isMap(map)) return found;
    const merged: Node[] = [];
    for (const pair of map.items) {
      const key = pair.key as Node;
      const value = this.resolve(pair.value);
      const name = String((key as { value?: unknown }).value ?? key);
      if (name === "<<" && value !== undefined) merged.push(...this.#mergeSources(value));
      else found.set(name, { key, value });
    }
    for (const source of merged) {
      for (const [name, entry] of this.entries(source)) if (!found.has(name)) found.set(name, entry);
    }
    return found;
  }

  #mergeSources(value: Node): Node[] {
    const items = "items" in value && !isMap(value) ? (value.items as unknown[]) : [value];
    const sources = items.map((item) => this.resolve(item)).filter((item) => item !== undefined);
    for (const source of sources) {
      if (!isMap(source)) this.problem(source, "<< merges mappings, and this is none");
    }
    return sources.filter((source) => isMap(source));
  }
}

/** Finds for every alias the anchor of its name that stands last before it. */
function aliasTargets(document: Document): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_key, alias) {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    // A mapping, a list or a scalar.
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** The parser quotes what it could not place, which may be a secret. */
function withoutQuotation(message: string): string {
  return message.replace(/: ".*"$/s, "");
}
