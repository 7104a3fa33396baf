import type { Resource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import type { Shape } from "../shape.ts";

/** What reading one document gives; the resource is of use only when there is no problem. */
export interface Reading {
  resource: Resource;
  /** What the server refuses, in its order. */
  problems: DocumentProblem[];
  /** What the server accepts and cannot be meant. */
  warnings: DocumentProblem[];
}

/** One `kind` of document: decodes it and reads it. */
export type Kind = Shape<Reading>;
