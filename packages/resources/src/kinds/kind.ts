import * as v from "valibot";
import type { Resource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import type { ServerVersion } from "../server-version.ts";
import type { Shape } from "../shape.ts";
import { describeTypeIssue } from "../type-problem.ts";
import { findUnknownKeys } from "../unknown-keys.ts";

/** What reading one document gives; absent resource: its parts have the wrong types. */
export interface Reading {
  /** Of use only when there is no problem. */
  resource?: Resource;
  /** What the server refuses, in its order. */
  problems: DocumentProblem[];
  /** What the server accepts and cannot be meant, at a value. */
  warnings: DocumentProblem[];
  /** The same, at a key. */
  keyWarnings: DocumentProblem[];
}

/** What reading may depend on. */
export interface ReadingContext {
  server: ServerVersion;
  /** Undefined: not known, so what needs Teleport Enterprise is only warned of. */
  enterprise: boolean | undefined;
  now: Date | undefined;
  /** Whether the document was written by a server, whose own parts count then. */
  stored: boolean;
}

/** One `kind` of document: reads a plain value. */
export type Kind = (document: unknown, context: ReadingContext) => Reading;

/** Makes a kind whose unknown keys and types follow from one shape. */
export function kindOfShape<Document>(
  shape: Shape<Document>,
  read: (document: Document, context: ReadingContext) => Omit<Reading, "keyWarnings">,
): Kind {
  return (document, context) => {
    const keyWarnings = findUnknownKeys(shape, document);
    const decoded = v.safeParse(shape, document);
    if (decoded.success) return { ...read(decoded.output, context), keyWarnings };
    return { problems: decoded.issues.map(describeTypeIssue), warnings: [], keyWarnings };
  };
}
