import * as v from "valibot";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { list, mapping, type Shape, text } from "../shape.ts";
import type { IdTokenJoinMethod, TokenRule, TokenSpec } from "./join-method.ts";

/** A rule of `spec.github.allow`; an empty text is a field that is not checked. */
export type GithubRule = {
  sub: string;
  repository: string;
  repository_owner: string;
  workflow: string;
  environment: string;
  actor: string;
  ref: string;
  ref_type: string;
};

/** `spec.github` (provision-token.md section 4.3), by the document's own keys. */
export interface GithubBlock {
  allow: GithubRule[];
  /** Host of a GitHub Enterprise Server, with a port if need be; empty for github.com. */
  enterprise_server_host: string;
  /** Slug of a GitHub Enterprise Cloud tenant with an issuer of its own. */
  enterprise_slug: string;
  /** A JWKS document that replaces discovery. */
  static_jwks: string;
}

const block: Shape<GithubBlock> = v.object({
  allow: list(
    mapping(
      v.object({
        sub: text,
        repository: text,
        repository_owner: text,
        workflow: text,
        environment: text,
        actor: text,
        ref: text,
        ref_type: text,
      }),
    ),
  ),
  enterprise_server_host: text,
  enterprise_slug: text,
  static_jwks: text,
});

const requiresOneOf = ["repository", "repository_owner", "sub"] as const;

const issuer = "https://token.actions.githubusercontent.com";

/** GitHub Actions (provision-token.md section 4.3, id-tokens.md section 2.2). */
export const github: IdTokenJoinMethod = {
  name: "github",
  block,
  claims: [
    "sub",
    "actor",
    "actor_id",
    "base_ref",
    "head_ref",
    "environment",
    "event_name",
    "job_workflow_ref",
    "ref",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "run_id",
    "run_number",
    "run_attempt",
    "sha",
    "workflow",
  ],
  fields: [
    "sub",
    "repository",
    "repository_owner",
    "workflow",
    "environment",
    "actor",
    "ref",
    "ref_type",
  ].map((name) => ({ field: name, claim: name })),
  requiresOneOf,
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.github?.allow ?? [];
  },
  expectedIssuer(token: TokenResource): string {
    const host = token.github?.enterprise_server_host ?? "";
    const slug = token.github?.enterprise_slug ?? "";
    if (host !== "") return `https://${host}/_services/token`;
    return slug === "" ? issuer : `${issuer}/${slug}`;
  },
  expectedAudience(): string {
    return "teleport.cluster.local";
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const at = ["spec", "github"];
  const configuration = spec.github;
  if (configuration === undefined) {
    const message = '"github" configuration must be provided for join method "github"';
    return [{ path: at, message }];
  }
  const problems: DocumentProblem[] = [];
  if (configuration.allow.length === 0) {
    const message = 'the "github" join method requires at least one token allow rule';
    problems.push({ path: [...at, "allow"], message });
  }
  for (const [index, rule] of configuration.allow.entries()) {
    if (requiresOneOf.some((field) => rule[field] !== "")) continue;
    const message =
      'allow rule for "github" must include at least one of "repository", "repository_owner" or "sub"';
    problems.push({ path: [...at, "allow", index], message });
  }
  if (configuration.enterprise_server_host.includes("/")) {
    const message = "'spec.github.enterprise_server_host' should not contain the scheme or path";
    problems.push({ path: [...at, "enterprise_server_host"], message });
  }
  if (configuration.enterprise_server_host !== "" && configuration.enterprise_slug !== "") {
    const message =
      "'spec.github.enterprise_server_host' and 'spec.github.enterprise_slug' cannot both be set";
    problems.push({ path: [...at, "enterprise_slug"], message });
  }
  return problems;
}
