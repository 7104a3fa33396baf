import { type Document, isAlias, isDocument, isMap, LineCounter, type Node, parseAllDocuments } from "yaml";

/** More than any list of outputs needs, in characters. */
const maxLength = 256 * 1024;

/** A YAML text that is read by hand, because every problem has to come with its line and column. */
export class YamlDocument {
  /** Undefined when the text holds nothing, or is not YAML. */
  readonly root: Node | undefined;
  readonly #lines = new LineCounter();
  readonly #document: Document | undefined;
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
      for (const error of document.errors) this.problem(error.pos[0], error.message);
    const [first, second] = documents;
    if (second !== undefined)
      this.problem(second.range?.[0] ?? 0, "a second document begins here; only one is read");
    this.#document = first;
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
    if (isAlias(node) && this.#document !== undefined) return node.resolve(this.#document);
    return (node as Node | null | undefined) ?? undefined;
  }

  /** The entries of a mapping by key: the key's own node and the value, null values left out; `<<` merges other mappings. */
  entries(map: Node): Map<string, { key: Node; value: Node | undefined }> {
    const found = new Map<string, { key: Node; value: Node | undefined }>();
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
