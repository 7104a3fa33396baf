import { type Claims, claimText, textClaims } from "../claims.ts";
import { type KeysOf, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { exact } from "./comparison.ts";
import {
  failedValidation,
  type IdTokenJoinMethod,
  mustBeConfigured,
  noRuleMatched,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
  wordOf,
} from "./join-method.ts";

/** A rule of `spec.spacelift.allow`; an empty text is a field that is not checked. */
export type SpaceliftRule = { space_id: string; caller_id: string; caller_type: string; scope: string };

/** `spec.spacelift` (provision-token.md section 4.7), by the document's own keys. */
export interface SpaceliftBlock {
  allow: SpaceliftRule[];
  hostname: string;
}

const ruleKeys: KeysOf<SpaceliftRule> = {
  space_id: textKey("Id of the space."),
  caller_id: textKey("Id of the stack or module."),
  caller_type: textKey("What runs.", { values: ["stack", "module"] }),
  scope: textKey("What the run may do.", { values: ["read", "write"] }),
};

const blockKeys: KeysOf<SpaceliftBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  hostname: textKey("Host of the tenant, such as acme.app.spacelift.io, without scheme and path."),
};

const claims = ["sub", "spaceId", "callerType", "callerId", "runType", "runId", "scope"];

/** Spacelift (provision-token.md section 4.7, id-tokens.md section 6). */
export const spacelift: IdTokenJoinMethod = {
  name: "spacelift",
  since: "14",
  help: "Spacelift",
  proof: "id-token",
  keys: blockKeys,
  claims,
  reader: { shapes: textClaims(...claims), caseSensitive: false },
  fields: [
    { field: "space_id", claim: "spaceId", compare: exact },
    { field: "caller_id", claim: "callerId", compare: exact },
    { field: "caller_type", claim: "callerType", compare: exact, form: wordOf("stack", "module") },
    { field: "scope", claim: "scope", compare: exact, form: wordOf("read", "write") },
  ],
  requiresOneOf: ["space_id", "caller_id"],
  breadths: [
    { name: "scope", fields: ["space_id", "caller_id", "caller_type", "scope"] },
    { name: "caller", fields: ["space_id", "caller_id", "caller_type"] },
    { name: "space", fields: ["space_id"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.spacelift?.allow ?? [];
  },
  expectedIssuer(token: TokenResource): string {
    return `https://${token.spacelift?.hostname ?? ""}`;
  },
  expectedAudience(token: TokenResource): string {
    return token.spacelift?.hostname ?? "";
  },
  noMatch: noRuleMatched,
  suggestBlock({ iss }): Record<string, unknown> {
    return { hostname: /^https:\/\/([^/]+)$/.exec(typeof iss === "string" ? iss : "")?.[1] ?? "" };
  },
  attributes(found: Claims): object {
    const text = (name: string): string => claimText(found, name);
    return withoutZeros({
      sub: text("sub"),
      space_id: text("spaceId"),
      caller_type: text("callerType"),
      caller_id: text("callerId"),
      run_type: text("runType"),
      run_id: text("runId"),
      scope: text("scope"),
    });
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const block = spec.spacelift;
  if (block === undefined) return mustBeConfigured("spacelift");
  const problems: DocumentProblem[] = [];
  const problem = failedValidation("spacelift");
  if (block.hostname === "") {
    const message = "hostname: should be set to the hostname of the spacelift tenant";
    problems.push(problem(["hostname"], message));
  }
  if (block.hostname.includes("/")) {
    problems.push(problem(["hostname"], "hostname: should not contain the scheme or path"));
  }
  if (block.allow.length === 0) problems.push(problem(["allow"], "allow: at least one rule must be set"));
  for (const [index, rule] of block.allow.entries()) {
    if (rule.space_id !== "" || rule.caller_id !== "") continue;
    const message = `allow[${index}]: at least one of ['space_id', 'caller_id'] must be set`;
    problems.push(problem(["allow", index], message));
  }
  return problems;
}
