import { nearestSpelling } from "@bot-join/core";
import * as v from "valibot";
import { type LocatedDocument, maxTextLength, type Position, readDocuments } from "./documents.ts";
import { ResourceError, type ResourceErrorCode } from "./errors.ts";
import type { Reading } from "./kinds/kind.ts";
import { kinds } from "./kinds/registry.ts";
import type { Resource } from "./model.ts";
import {
  type DocumentPath,
  type DocumentProblem,
  formatPath,
  formatProblem,
  type ResourceProblem,
} from "./problem.ts";
import { describeTypeIssue } from "./type-problem.ts";
import { findUnknownKeys, maxShownLength } from "./unknown-keys.ts";

/** How many problems a message lists; all of them are in the error's details. */
const maxListedProblems = 50;

/** Everything that a text of resource documents says and gets wrong. */
export interface ResourceReport {
  /** The resources of all documents without a problem, in their order. */
  resources: Resource[];
  /** What the server would refuse. */
  problems: ResourceProblem[];
  /** What the server accepts silently and cannot be meant, such as a misspelt key. */
  warnings: ResourceProblem[];
  /** Why nothing at all can be read; absent when the text is YAML or JSON of a sensible size. */
  unreadable?: ResourceErrorCode;
}

/**
 * Parses the resource documents of a text as `tctl create -f` takes them: YAML or JSON, several separated by
 * `---`. Nothing is returned unless everything is right: throws ResourceError with all problems at once, each with
 * line and column (ERR_RESOURCE_SIZE, ERR_RESOURCE_SYNTAX, ERR_RESOURCE_INVALID). `source` names the text in
 * messages. Warnings are those of {@link checkResources}.
 */
export function parseResources(text: string, source: string): Resource[] {
  const report = checkResources(text, source);
  if (report.problems.length === 0) return report.resources;
  const count = report.problems.length === 1 ? "1 problem" : `${report.problems.length} problems`;
  const listed = report.problems.slice(0, maxListedProblems).map(formatProblem);
  const more = report.problems.length > listed.length ? ["… and more"] : [];
  throw new ResourceError({
    code: report.unreadable ?? "ERR_RESOURCE_INVALID",
    kind: "user",
    message: [`Reading resources from ${source}: ${count}.`, ...listed, ...more].join("\n"),
    hint: "Correct the documents at the places named; a server refuses them for the same reasons.",
    details: { problems: report.problems, warnings: report.warnings },
  });
}

/** Checks the resource documents of a text and never throws: what they hold, what is wrong, what is doubtful. */
export function checkResources(text: string, source: string): ResourceReport {
  const report: ResourceReport = { resources: [], problems: [], warnings: [] };
  if (text.length > maxTextLength) {
    const message = `the text has ${text.length} characters, at most ${maxTextLength} are read`;
    report.problems.push({ source, line: 1, column: 1, path: "", message });
    return { ...report, unreadable: "ERR_RESOURCE_SIZE" };
  }
  const { documents, problems } = readDocuments(text);
  if (problems.length > 0) {
    report.problems.push(...problems.map((problem) => ({ source, path: "", ...problem })));
    return { ...report, unreadable: "ERR_RESOURCE_SYNTAX" };
  }
  for (const document of documents) checkDocument(document, source, report);
  return report;
}

function checkDocument(document: LocatedDocument, source: string, report: ResourceReport): void {
  const locate =
    (positionOf: (path: DocumentPath) => Position) =>
    ({ path, message }: DocumentProblem): ResourceProblem => ({
      source,
      ...positionOf(path),
      path: formatPath(path),
      message,
    });
  const atValue = locate(document.positionOf);
  const kind = kindOf(document.value);
  if ("message" in kind) {
    report.problems.push(atValue(kind));
    return;
  }
  report.warnings.push(...findUnknownKeys(kind.shape, document.value).map(locate(document.keyPositionOf)));
  const decoded = v.safeParse(kind.shape, document.value);
  if (!decoded.success) {
    report.problems.push(...decoded.issues.map(describeTypeIssue).map(atValue));
    return;
  }
  const { resource, problems, warnings } = decoded.output;
  report.problems.push(...problems.map(atValue));
  report.warnings.push(...warnings.map(atValue));
  if (problems.length === 0) report.resources.push(resource);
}

function kindOf(document: unknown): { shape: v.GenericSchema<unknown, Reading> } | DocumentProblem {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return { path: [], message: "a document must be a mapping with kind, version, metadata and spec" };
  }
  const name = "kind" in document ? document.kind : undefined;
  const shape = typeof name === "string" ? kinds.get(name) : undefined;
  if (shape !== undefined) return { shape };
  const known = [...kinds.keys()];
  if (typeof name !== "string" || name.length > maxShownLength) {
    return { path: ["kind"], message: `kind must be one of ${known.join(", ")}` };
  }
  const nearest = nearestSpelling(name, known);
  const hint = nearest === undefined ? `kinds are ${known.join(", ")}` : `did you mean "${nearest}"?`;
  return { path: ["kind"], message: `kind ${JSON.stringify(name)} is not known here; ${hint}` };
}
