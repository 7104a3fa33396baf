import { describeError } from "@bot-join/core";
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  visit,
  type YAMLMap,
} from "yaml";
import type { DocumentPath } from "./problem.ts";

/** Largest text that is read, in UTF-16 units: a cluster's resources take far less, and parsing stays quick. */
export const maxTextLength: number = 1024 * 1024;

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
  const lines = new LineCounter();
  const documents: LocatedDocument[] = [];
  const problems: SyntaxProblem[] = [];
  const report = (offset: number, message: string): void => {
    problems.push({ ...position(lines, offset), message: withoutQuotations(message) });
  };
  // Repeated keys are looked for below: the parser compares every key of a mapping with every other.
  const composer = new Composer({ merge: true, uniqueKeys: false, logLevel: "error" });
  for (const document of composer.compose(parseTokens(text, lines, report))) {
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

type Report = (offset: number, message: string) => void;
type MapNode = YAMLMap<Node, Node | null>;
type PairsByKey = ReadonlyMap<MapNode, ReadonlyMap<string, Pair<Node, Node | null>>>;

function* parseTokens(text: string, lines: LineCounter, report: Report): ReturnType<Parser["parse"]> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
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

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
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
