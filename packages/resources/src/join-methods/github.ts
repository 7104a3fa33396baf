import { type Claims, claimText, textClaims } from "../claims.ts";
import { type KeysOf, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { isAtLeast, type ServerVersion } from "../server-version.ts";
import { exact } from "./comparison.ts";
import {
  fullRef,
  type IdTokenJoinMethod,
  noRuleMatched,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
  wordOf,
} from "./join-method.ts";

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

const ruleKeys: KeysOf<GithubRule> = {
  sub: textKey("Subject of the ID token, whole."),
  repository: textKey("Repository as owner/name."),
  repository_owner: textKey("User or organisation that owns the repository."),
  workflow: textKey("Name of the workflow, not its file."),
  environment: textKey("Deployment environment of the job."),
  actor: textKey("Login of the person or app that started the run."),
  ref: textKey("Full git ref, such as refs/heads/main."),
  ref_type: textKey("Kind of the ref.", { values: ["branch", "tag"] }),
};

const blockKeys: KeysOf<GithubBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  enterprise_server_host: textKey("Host of a GitHub Enterprise Server, without scheme and path."),
  enterprise_slug: textKey("Slug of the enterprise when its ID tokens have an issuer of their own.", {
    since: "15",
  }),
  static_jwks: textKey("JWKS document that replaces discovery.", { since: "17" }),
};

const requiresOneOf = ["repository", "repository_owner", "sub"] as const;

const issuer = "https://token.actions.githubusercontent.com";

const claims = [
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
];

/** GitHub Actions (provision-token.md section 4.3, id-tokens.md section 2.2). */
export const github: IdTokenJoinMethod = {
  name: "github",
  since: "8",
  help: "GitHub Actions",
  proof: "id-token",
  keys: blockKeys,
  claims,
  reader: { shapes: textClaims(...claims), caseSensitive: false },
  fields: [
    { field: "sub", claim: "sub", compare: exact },
    {
      field: "repository",
      claim: "repository",
      compare: exact,
      form: { pattern: /^[^/\s]+\/[^/\s]+$/, says: "not of the form owner/name" },
    },
    {
      field: "repository_owner",
      claim: "repository_owner",
      compare: exact,
      form: { pattern: /^[^/\s]+$/, says: "no login" },
    },
    { field: "workflow", claim: "workflow", compare: exact },
    { field: "environment", claim: "environment", compare: exact },
    { field: "actor", claim: "actor", compare: exact },
    { field: "ref", claim: "ref", compare: exact, form: fullRef },
    { field: "ref_type", claim: "ref_type", compare: exact, form: wordOf("branch", "tag") },
  ],
  requiresOneOf,
  breadths: [
    { name: "environment", fields: ["repository", "environment"] },
    {
      // The ref of a pull request is good for that one alone.
      name: "pull-request",
      fields: ["repository", "sub"],
      when: (found) => claimText(found, "sub").endsWith(":pull_request"),
    },
    { name: "ref", fields: ["repository", "ref"] },
    { name: "repository", fields: ["repository"] },
    { name: "owner", fields: ["repository_owner"] },
  ],
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
  staticJwks: (token) => token.github?.static_jwks || undefined,
  noMatch: noRuleMatched,
  doubts,
  suggestBlock({ iss }): Record<string, unknown> {
    const found = typeof iss === "string" ? iss : "";
    const host = /^https:\/\/([^/]+)\/_services\/token$/.exec(found)?.[1];
    const slug = found.startsWith(`${issuer}/`) ? found.slice(issuer.length + 1) : "";
    if (host !== undefined) return { enterprise_server_host: host };
    return slug === "" ? {} : { enterprise_slug: slug };
  },
  attributes(found: Claims): object {
    const recorded = [
      "sub",
      "actor",
      "environment",
      "ref",
      "ref_type",
      "repository",
      "repository_owner",
      "workflow",
    ];
    const names = [...recorded, "event_name", "sha", "run_id"];
    return withoutZeros(Object.fromEntries(names.map((name) => [name, claimText(found, name)])));
  },
  enterpriseOnly(token: TokenResource, server: ServerVersion): string | undefined {
    const { enterprise_server_host: host = "", enterprise_slug: slug = "" } = token.github ?? {};
    const usesSlug = slug !== "" && isAtLeast(server, "15");
    return host !== "" || usesSlug
      ? "github enterprise server joining: this feature requires Teleport Enterprise"
      : undefined;
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

function doubts(rule: TokenRule): DocumentProblem[] {
  const { repository, repository_owner: owner, sub, ref, ref_type: type } = rule as GithubRule;
  const problems: DocumentProblem[] = [];
  if (repository !== "" && owner !== "" && !repository.startsWith(`${owner}/`)) {
    const message = "never matches: the repository has another owner";
    problems.push({ path: ["repository_owner"], message });
  }
  if (
    (type === "branch" && ref.startsWith("refs/tags/")) ||
    (type === "tag" && ref.startsWith("refs/heads/"))
  ) {
    problems.push({ path: ["ref_type"], message: "never matches: the ref is of the other type" });
  }
  if (repository === "" && owner === "" && sub !== "" && !/^repo:[^/:]+\/[^/:]+(:|$)/.test(sub)) {
    const message =
      "names no repository and no owner: whoever may customise subjects on GitHub can make such an ID token";
    problems.push({ path: ["sub"], message });
  }
  return problems;
}
