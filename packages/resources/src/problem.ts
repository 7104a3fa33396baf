/** Where something stands inside one document: keys and list indices from the root. */
export type DocumentPath = readonly (string | number)[];

/** Something wrong at a place of one document. */
export interface DocumentProblem {
  path: DocumentPath;
  /** The server's own text where it is known. */
  message: string;
}

/** Something wrong at a place of a file. */
export interface ResourceProblem {
  source: string;
  /** Counted from 1. */
  line: number;
  /** Counted from 1, in UTF-16 units. */
  column: number;
  /** The place in the document, as `spec.github.allow[0]`; empty for the whole document. */
  path: string;
  message: string;
}

/** Writes a path as a person does: `spec.github.allow[0].ref`. */
export function formatPath(path: DocumentPath): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}

/** Writes one problem as one line: `file.yaml:3:7: spec.roles: provisioning token is missing roles`. */
export function formatProblem(problem: ResourceProblem): string {
  const path = problem.path === "" ? "" : `${problem.path}: `;
  return `${problem.source}:${problem.line}:${problem.column}: ${path}${problem.message}`;
}
