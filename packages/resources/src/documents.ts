import { describeError } from "@bot-join/core";
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Parser,
  type ScalarTag,
  type Tags,
  visit,
  type YAMLMap,
} from "yaml";
import type { DocumentPath } from "./problem.ts";

/** Largest text that is read, in UTF-16 units: ten thousand tokens take half of it, and parsing stays a matter of seconds. */
export const maxTextLength: number = 4 * 1024 * 1024;

/** Says why a text is too long to be read; undefined when it is not. */
export function tooLong(text: string): string | undefined {
  return text.length > maxTextLength
    ? `the text has ${text.length} characters, at most ${maxTextLength} are read`
    : undefined;
}

/** How many aliases of a document may be expanded, against documents that grow exponentially. */
const maxAliasCount = 100;

/** How deep collections may nest: the deepest key of any resource is at about ten, and the parser recurses. */
const maxDepth = 64;

/** A place in the text, both counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** One document of a text: its plain value, and where each part of it stands. */
export interface LocatedDocument {
  value: unknown;
  /** Where the document stands inside the text's own one, when it is a part of it. */
  prefix?: DocumentPath;
  /** The place of a value, or of its nearest ancestor that is written down. */
  positionOf(path: DocumentPath): Position;
  /** The place of the key instead of its value. */
  keyPositionOf(path: DocumentPath): Position;
}

/** Something that is no YAML, and where. Never quotes the text, which may hold a secret. */
export interface SyntaxProblem extends Position {
  message: string;
}

/** Reads the YAML documents of a text (JSON is YAML); empty documents are left out. */
export function readDocuments(text: string): { documents: LocatedDocument[]; problems: SyntaxProblem[] } {
  const lines = lineStarts(text);
  const documents: LocatedDocument[] = [];
  const problems: SyntaxProblem[] = [];
  const report = (offset: number, message: string): void => {
    problems.push({ ...position(lines, offset), message: withoutQuotations(message) });
  };
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    report(nul, "there is a NUL character: the text is not UTF-8 (UTF-16, perhaps); save it as UTF-8");
    return { documents, problems };
  }
  // Repeated keys are looked for below: the parser compares every key of a mapping with every other.
  const composer = new Composer({
    schema: "core",
    merge: true,
    customTags,
    uniqueKeys: false,
    logLevel: "error",
  });
  for (const document of composer.compose(parseTokens(text, report))) {
    const known = problems.length;
    for (const error of document.errors) report(error.pos[0], error.message);
    const pairs = indexKeys(document, report);
    if (problems.length > known) continue;
    try {
      const value: unknown = document.toJS({ maxAliasCount });
      if (value === null) continue;
      documents.push({
        value,
        positionOf: (path) => position(lines, offsetOf(document, pairs, path, "value")),
        keyPositionOf: (path) => position(lines, offsetOf(document, pairs, path, "key")),
      });
    } catch (error) {
      report(document.range[0], describeError(error));
    }
  }
  return { documents, problems };
}

/** The bases of whole numbers by their prefix, as the server's reader has them. */
const bases: readonly (readonly [RegExp, number])[] = [
  [/^[-+]?0b/i, 2],
  [/^[-+]?0x/i, 16],
  [/^[-+]?0o?(?=[0-7_])/i, 8],
];

const integerTag: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?(0b[01_]+|0x[0-9a-f_]+|0o?[0-7_]*|[1-9][0-9_]*)$/i,
  resolve: (written) => {
    const plain = written.replaceAll("_", "");
    const base = bases.find(([prefix]) => prefix.test(plain));
    if (base === undefined) return Number(plain);
    const value = Number.parseInt(plain.replace(base[0], ""), base[1]);
    return plain.startsWith("-") ? -value : value;
  },
};

const floatTag: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^([-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/,
  resolve: (written) => {
    if (/[.](inf|nan)$/i.test(written)) return Number.NaN;
    const value = Number(written.replaceAll("_", ""));
    // A commit such as 1234e567 is beyond all numbers, and the server's reader leaves it text.
    return Number.isFinite(value) ? value : written;
  },
};

const booleanTag: ScalarTag = {
  tag: "tag:yaml.org,2002:bool",
  default: true,
  test: /^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  resolve: (written) => /^(y|t|on$)/i.test(written),
};

/**
 * Makes plain values mean what the server's reader takes them for, which knows YAML 1.1: `on`, `no` and `y` are booleans,
 * `012` and `1_000` numbers. Like that reader it leaves timestamps texts and knows no numbers to base 60 (compared with
 * sigs.k8s.io/yaml 1.3.0).
 */
function customTags(tags: Tags): Tags {
  const own = [integerTag, floatTag, booleanTag];
  const kept = tags.filter((tag) => typeof tag !== "object" || !own.some((each) => each.tag === tag.tag));
  return [...kept, ...own];
}

type Report = (offset: number, message: string) => void;
type MapNode = YAMLMap<Node, Node | null>;
type PairsByKey = ReadonlyMap<MapNode, ReadonlyMap<string, Pair<Node, Node | null>>>;

function* parseTokens(text: string, report: Report): ReturnType<Parser["parse"]> {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > maxDepth) {
      report(parser.offset, `nested deeper than ${maxDepth} levels`);
      return;
    }
  }
  yield* parser.end();
}

/** Lists the pairs of every mapping by key, and reports keys that are repeated or no plain values. */
function indexKeys(document: Document.Parsed, report: Report): PairsByKey {
  const index = new Map<MapNode, Map<string, Pair<Node, Node | null>>>();
  visit(document, {
    Map(_, node) {
      const map = node as MapNode;
      const pairs = new Map<string, Pair<Node, Node | null>>();
      for (const pair of map.items) {
        const offset = pair.key.range?.[0] ?? 0;
        if (!isScalar(pair.key)) {
          report(offset, "a key must be a plain value");
          continue;
        }
        const key = String(pair.key.value);
        if (pairs.has(key) && key !== "<<") report(offset, "the key is there already");
        pairs.set(key, pair);
      }
      index.set(map, pairs);
    },
  });
  return index;
}

/** Lists where each line begins. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function position(lines: readonly number[], offset: number): Position {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
}

/** The parser's messages quote the text after a colon or in quotation marks. */
function withoutQuotations(message: string): string {
  return message.replace(/\s*[:"].*$/s, "");
}

function offsetOf(
  document: Document.Parsed,
  pairs: PairsByKey,
  path: DocumentPath,
  wanted: "key" | "value",
): number {
  let offset = document.contents?.range[0] ?? 0;
  let node: Node | null | undefined = document.contents;
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    let key: Node | undefined;
    if (isMap<Node, Node | null>(node)) {
      const pair: Pair<Node, Node | null> | undefined = pairs.get(node)?.get(String(part));
      key = pair?.key;
      node = pair?.value;
    } else {
      node = isSeq<Node>(node) && typeof part === "number" ? node.items[part] : undefined;
    }
    const last = index === path.length - 1;
    const start = (last && wanted === "key" ? key : (node ?? key))?.range?.[0];
    if (start === undefined) return offset;
    offset = start;
  }
  return offset;
}
