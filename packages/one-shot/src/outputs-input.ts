import { nearestSpelling } from "@bot-join/core";
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import { OneShotError } from "./errors.ts";
import type { PlannedOutput } from "./plan.ts";

/** Keys of an identity output in tbot's vocabulary (outputs.md section 1.2). */
const outputKeys = ["type", "destination", "roles", "cluster", "ssh_config", "allow_reissue"];
const destinationKeys = ["type", "path", "symlinks", "acls"];

/** Output types that tbot has and bot-join will learn with its issue on outputs (outputs.md section 1.1). */
const laterTypes = [
  "ssh_host",
  "kubernetes",
  "kubernetes/v2",
  "application",
  "database",
  "workload-identity-x509",
  "workload-identity-jwt",
];

/** More than any list of outputs needs, in characters. */
const maxLength = 256 * 1024;

/**
 * Reads the input `outputs`: a YAML list of identity outputs in tbot's vocabulary. All problems come in one
 * `ERR_RUN_OUTPUTS_INPUT`, each with its line and column. `defaults` fills what an output leaves out; only the
 * first may leave its destination out.
 */
export function parseOutputs(
  text: string,
  defaults: PlannedOutput,
  absolute: (path: string) => string,
): PlannedOutput[] {
  const reader = new OutputsReader(defaults, absolute);
  return reader.read(text.slice(0, maxLength + 1));
}

class OutputsReader {
  readonly #defaults: PlannedOutput;
  readonly #absolute: (path: string) => string;
  readonly #lines = new LineCounter();
  readonly #problems: string[] = [];

  constructor(defaults: PlannedOutput, absolute: (path: string) => string) {
    this.#defaults = defaults;
    this.#absolute = absolute;
  }

  read(text: string): PlannedOutput[] {
    if (text.length > maxLength) this.#problems.push(`it is longer than ${maxLength / 1024} KiB`);
    const document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: true, prettyErrors: false });
    for (const error of document.errors) this.#problem(error.pos[0], error.message);
    const { contents } = document;
    let outputs: PlannedOutput[] = [];
    if (this.#problems.length === 0) {
      if (!isSeq(contents) || contents.items.length === 0) {
        this.#problem(0, "a list is wanted: - type: identity …");
      } else {
        outputs = contents.items.map((item, index) => this.#output(item as Node | null, index));
        if (this.#problems.length === 0) this.#checkDirectories(outputs);
      }
    }
    if (this.#problems.length === 0) return outputs;
    throw new OneShotError({
      code: "ERR_RUN_OUTPUTS_INPUT",
      kind: "user",
      message: `The input outputs cannot be used:\n${this.#problems.map((problem) => `- ${problem}`).join("\n")}`,
      hint: "It is a YAML list as tbot has it under outputs; only identity outputs are possible for now.",
      details: { problems: this.#problems },
    });
  }

  #problem(at: Node | number | null | undefined, what: string): void {
    const offset = typeof at === "number" ? at : (at?.range?.[0] ?? 0);
    const { line, col } = this.#lines.linePos(offset);
    this.#problems.push(`line ${Math.max(1, line)}, column ${Math.max(1, col)}: ${what}`);
  }

  #checkDirectories(outputs: PlannedOutput[]): void {
    const seen = new Set<string>();
    for (const { directory } of outputs) {
      if (seen.has(directory)) this.#problems.push(`two outputs have the same destination ${directory}`);
      seen.add(directory);
    }
  }

  #output(item: Node | null, index: number): PlannedOutput {
    const output = { ...this.#defaults };
    if (!isMap(item)) {
      this.#problem(item, "an output is a mapping: type: identity, destination: …");
      return output;
    }
    const type = this.#text(item, "type");
    if (type !== "identity") {
      const later = laterTypes.includes(type ?? "");
      this.#problem(
        item.get("type", true) as Node | undefined,
        later
          ? `outputs of type ${type} come with a later release of bot-join; only identity is possible now`
          : `unknown output type ${JSON.stringify(type ?? null)}; only identity is possible now`,
      );
      return output;
    }
    this.#checkKeys(item, outputKeys);
    output.roles = this.#list(item, "roles") ?? this.#defaults.roles;
    output.cluster = this.#text(item, "cluster");
    output.allowReissue =
      this.#boolean(item, "allow_reissue", ["true"], ["false"]) ?? this.#defaults.allowReissue;
    output.sshConfig = this.#boolean(item, "ssh_config", ["on", "true"], ["off", "false"]) ?? true;
    const destination = item.get("destination", true) as Node | undefined;
    if (destination === undefined && index > 0)
      this.#problem(item, "an output needs a destination; only the first may leave it out");
    if (destination !== undefined) output.directory = this.#destination(destination) ?? output.directory;
    return output;
  }

  #destination(node: Node): string | undefined {
    if (isScalar(node) && typeof node.value === "string") return this.#absolute(node.value);
    if (!isMap(node)) {
      this.#problem(node, "a destination is a mapping: type: directory, path: …");
      return undefined;
    }
    this.#checkKeys(node, destinationKeys);
    const type = this.#text(node, "type") ?? "directory";
    const path = this.#text(node, "path");
    if (type !== "directory")
      this.#problem(node, `destinations of type ${type} are not possible; directory is`);
    else if (path === undefined || path === "")
      this.#problem(node, "a destination of type directory needs a path");
    return path === undefined || path === "" ? undefined : this.#absolute(path);
  }

  #checkKeys(map: YAMLMap, allowed: string[]): void {
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = isScalar(pair.key) ? String(pair.key.value) : "?";
      if (allowed.includes(key)) continue;
      const near = nearestSpelling(key, allowed);
      this.#problem(
        pair.key,
        `unknown key ${JSON.stringify(key)}${near === undefined ? "" : `; did you mean ${near}?`}`,
      );
    }
  }

  #text(map: YAMLMap, key: string): string | undefined {
    const node = map.get(key, true) as Node | undefined;
    if (node === undefined || (isScalar(node) && node.value === null)) return undefined;
    if (isScalar(node) && typeof node.value === "string") return node.value;
    this.#problem(node, `${key} must be a text`);
    return undefined;
  }

  #list(map: YAMLMap, key: string): string[] | undefined {
    const node = map.get(key, true) as Node | undefined;
    if (node === undefined) return undefined;
    const values = isSeq(node)
      ? node.items.map((item) => (isScalar(item) ? item.value : undefined))
      : [undefined];
    if (values.every((value): value is string => typeof value === "string")) return values;
    this.#problem(node, `${key} must be a list of texts`);
    return undefined;
  }

  #boolean(map: YAMLMap, key: string, yes: string[], no: string[]): boolean | undefined {
    const node = map.get(key, true) as Node | undefined;
    if (node === undefined) return undefined;
    const value = isScalar(node) ? String(node.value) : "";
    if (yes.includes(value)) return true;
    if (no.includes(value)) return false;
    this.#problem(node, `${key} must be ${yes[0]} or ${no[0]}`);
    return undefined;
  }
}
