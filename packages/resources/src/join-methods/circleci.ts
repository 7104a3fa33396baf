import { type Claims, claimText } from "../claims.ts";
import { type KeysOf, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { contained, exact } from "./comparison.ts";
import {
  type IdTokenJoinMethod,
  lowerUuid,
  noRuleMatched,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
} from "./join-method.ts";

/** A rule of `spec.circleci.allow`; an empty text is a field that is not checked. */
export type CircleciRule = { project_id: string; context_id: string };

/** `spec.circleci` (provision-token.md section 4.5), by the document's own keys. */
export interface CircleciBlock {
  allow: CircleciRule[];
  organization_id: string;
}

const ruleKeys: KeysOf<CircleciRule> = {
  project_id: textKey("UUID of the project."),
  context_id: textKey("UUID of a context that the job uses."),
};

const blockKeys: KeysOf<CircleciBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  organization_id: textKey("UUID of the organisation, which is part of the issuer and the audience."),
};

const projectClaim = "oidc.circleci.com/project-id";
const contextsClaim = "oidc.circleci.com/context-ids";

/** CircleCI (provision-token.md section 4.5, id-tokens.md section 4). */
export const circleci: IdTokenJoinMethod = {
  name: "circleci",
  since: "11",
  help: "CircleCI",
  proof: "id-token",
  keys: blockKeys,
  claims: ["sub", projectClaim, contextsClaim],
  reader: {
    shapes: [{ name: "sub" }, { name: projectClaim }, { name: contextsClaim, type: "texts" }],
    caseSensitive: false,
  },
  fields: [
    { field: "project_id", claim: projectClaim, compare: exact, form: lowerUuid },
    { field: "context_id", claim: contextsClaim, compare: contained, form: lowerUuid },
  ],
  requiresOneOf: ["project_id", "context_id"],
  breadths: [
    { name: "context", fields: ["project_id", "context_id"] },
    { name: "project", fields: ["project_id"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.circleci?.allow ?? [];
  },
  expectedIssuer(token: TokenResource): string {
    return `https://oidc.circleci.com/org/${token.circleci?.organization_id ?? ""}`;
  },
  expectedAudience(token: TokenResource): string {
    return token.circleci?.organization_id ?? "";
  },
  noMatch: noRuleMatched,
  suggestBlock({ iss, aud, sub }): Record<string, unknown> {
    const fromIssuer = /\/org\/([^/]+)$/.exec(typeof iss === "string" ? iss : "")?.[1];
    const fromSubject = /^org\/([^/]+)\//.exec(typeof sub === "string" ? sub : "")?.[1];
    return { organization_id: fromIssuer ?? (typeof aud === "string" ? aud : (fromSubject ?? "")) };
  },
  suggestField(field: string, claims: Claims) {
    if (field !== "context_id") return claimText(claims, projectClaim);
    const contexts = claims.get(contextsClaim);
    // With several contexts there is no telling which one is meant to open the door.
    return Array.isArray(contexts) && contexts.length === 1 ? contexts[0] : undefined;
  },
  attributes(claims: Claims): object {
    return withoutZeros({
      sub: claimText(claims, "sub"),
      context_ids: claims.get(contextsClaim) ?? [],
      project_id: claimText(claims, projectClaim),
    });
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const at = ["spec", "circleci"];
  const block = spec.circleci;
  if (block === undefined) {
    // The server's own misspelling.
    return [{ path: at, message: '"cirleci" configuration must be provided for join method "circleci"' }];
  }
  const problems: DocumentProblem[] = [];
  if (block.allow.length === 0) {
    const message = 'the "circleci" join method requires at least one token allow rule';
    problems.push({ path: [...at, "allow"], message });
  }
  if (block.organization_id === "") {
    const message = `the "circleci" join method requires 'organization_id' to be set`;
    problems.push({ path: [...at, "organization_id"], message });
  }
  for (const [index, rule] of block.allow.entries()) {
    if (rule.project_id !== "" || rule.context_id !== "") continue;
    const message = 'allow rule for "circleci" must include at least "project_id" or "context_id"';
    problems.push({ path: [...at, "allow", index], message });
  }
  return problems;
}
