import type { BaseIssue } from "valibot";
import type { DocumentProblem } from "./problem.ts";

/**
 * Puts a value of the wrong type into words. Values are not quoted, since one may be a token's secret name;
 * like the server, the text shows the first character of a number.
 */
export function describeTypeIssue(issue: BaseIssue<unknown>): DocumentProblem {
  const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  return { path, message: `must be ${wantedOf(issue)}, found ${foundOf(issue.input)}${adviceOn(issue)}` };
}

function wantedOf(issue: BaseIssue<unknown>): string {
  if (issue.type === "custom") return "a mapping";
  if (issue.type === "array") return "a list";
  if (issue.expected === "(boolean | string)") return "true or false";
  return issue.type === "union" ? "text or a list of texts" : "text";
}

function foundOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : `a ${typeof value}`;
}

/** The server's words for it (provision-token.md section 1). */
function adviceOn(issue: BaseIssue<unknown>): string {
  const scalar = typeof issue.input === "number" || typeof issue.input === "boolean";
  if (!scalar || issue.type !== "string") return "";
  const first = String(issue.input).charAt(0);
  return `: put it in quotes (the server: ReadString: expects " or n, but found ${first})`;
}
