import { nearestSpelling } from "@bot-join/core";
import { type LocatedDocument, type Position, readDocuments, tooLong } from "./documents.ts";
import { ResourceError, type ResourceErrorCode } from "./errors.ts";
import type { Kind, ReadingContext } from "./kinds/kind.ts";
import { kinds } from "./kinds/registry.ts";
import type { Resource } from "./model.ts";
import {
  type DocumentPath,
  type DocumentProblem,
  formatPath,
  formatProblem,
  type ResourceProblem,
} from "./problem.ts";
import { parseServerVersion } from "./server-version.ts";
import { isTerraformJson, terraformTokens } from "./terraform/terraform-json.ts";
import { maxShownLength } from "./unknown-keys.ts";

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

/** What checking may depend on. */
export interface CheckOptions {
  /** Version of the server that the documents are for, as `14.2.0` or `18`; default: the newest. */
  serverVersion?: string;
  /** Whether that server is an Enterprise build; default: unknown, so what needs one is a warning. */
  enterprise?: boolean;
  /** The time to judge expiry by; default: expiry is not judged. */
  now?: Date;
  /** Whether the documents are a server's own records, whose status counts. Default false. */
  stored?: boolean;
}

/**
 * Parses the resource documents of a text as `tctl create -f` takes them: YAML or JSON, several separated by
 * `---`. Nothing is returned unless everything is right: throws ResourceError with all problems at once, each with
 * line and column (ERR_RESOURCE_SIZE, ERR_RESOURCE_SYNTAX, ERR_RESOURCE_INVALID). `source` names the text in
 * messages. Warnings are those of {@link checkResources}.
 */
export function parseResources(text: string, source: string, options: CheckOptions = {}): Resource[] {
  const report = checkResources(text, source, options);
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

/**
 * Checks the resource documents of a text: what they hold, what is wrong, what is doubtful. Throws
 * ERR_RESOURCE_SERVER_VERSION for an option that is no version, and nothing else.
 */
export function checkResources(text: string, source: string, options: CheckOptions = {}): ResourceReport {
  return check(text, source, options, (document) => [document]);
}

/**
 * Checks provision tokens: documents as {@link checkResources} takes them, or what `terraform show -json` prints of a
 * state or a plan, of which the `teleport_provision_token` resources are looked at. Line and column are those of the
 * text in either case.
 */
export function checkToken(text: string, source: string, options: CheckOptions = {}): ResourceReport {
  return check(text, source, options, (document) =>
    isTerraformJson(document.value) ? terraformTokens(document) : [document],
  );
}

function check(
  text: string,
  source: string,
  options: CheckOptions,
  documentsOf: (document: LocatedDocument) => LocatedDocument[],
): ResourceReport {
  const context: ReadingContext = {
    server: parseServerVersion(options.serverVersion),
    enterprise: options.enterprise,
    now: options.now,
    stored: options.stored ?? false,
  };
  const report: ResourceReport = { resources: [], problems: [], warnings: [] };
  const message = tooLong(text);
  if (message !== undefined) {
    report.problems.push({ source, line: 1, column: 1, path: "", message });
    return { ...report, unreadable: "ERR_RESOURCE_SIZE" };
  }
  const { documents, problems } = readDocuments(text);
  if (problems.length > 0) {
    for (const problem of problems) report.problems.push({ source, path: "", ...problem });
    return { ...report, unreadable: "ERR_RESOURCE_SYNTAX" };
  }
  for (const document of documents.flatMap(documentsOf)) checkDocument(document, source, context, report);
  return report;
}

function checkDocument(
  document: LocatedDocument,
  source: string,
  context: ReadingContext,
  report: ResourceReport,
): void {
  const locate =
    (positionOf: (path: DocumentPath) => Position) =>
    ({ path, message }: DocumentProblem): ResourceProblem => ({
      source,
      ...positionOf(path),
      path: formatPath([...(document.prefix ?? []), ...path]),
      message,
    });
  const atValue = locate(document.positionOf);
  const kind = kindOf(document.value);
  if (typeof kind !== "function") {
    report.problems.push(atValue(kind));
    return;
  }
  const { resource, problems, warnings, keyWarnings } = kind(document.value, context);
  // One by one: a file of millions of findings has more than a call can have arguments.
  const atKey = locate(document.keyPositionOf);
  for (const warning of keyWarnings) report.warnings.push(atKey(warning));
  for (const warning of warnings) report.warnings.push(atValue(warning));
  for (const problem of problems) report.problems.push(atValue(problem));
  if (problems.length === 0 && resource !== undefined) report.resources.push(resource);
}

function kindOf(document: unknown): Kind | DocumentProblem {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return { path: [], message: "a document must be a mapping with kind, version, metadata and spec" };
  }
  const name = "kind" in document ? document.kind : undefined;
  const kind = typeof name === "string" ? kinds.get(name) : undefined;
  if (kind !== undefined) return kind;
  if (name === "bot_instance") {
    const message = 'creating resources of type "bot_instance" is not supported';
    return { path: ["kind"], message };
  }
  const known = [...kinds.keys()];
  if (typeof name !== "string" || name.length > maxShownLength) {
    return { path: ["kind"], message: `kind must be one of ${known.join(", ")}` };
  }
  const nearest = nearestSpelling(name, known);
  const hint = nearest === undefined ? `kinds are ${known.join(", ")}` : `did you mean "${nearest}"?`;
  return { path: ["kind"], message: `kind ${JSON.stringify(name)} is not known here; ${hint}` };
}
