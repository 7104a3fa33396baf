import { type Claims, claimText, textClaims } from "../claims.ts";
import { hasGlob } from "../glob.ts";
import { type KeysOf, leafKey, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { isAtLeast, type ServerVersion } from "../server-version.ts";
import { exact, glob, triState } from "./comparison.ts";
import {
  type IdTokenJoinMethod,
  noRuleMatched,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
  wordOf,
} from "./join-method.ts";

/** A rule of `spec.gitlab.allow`; an empty text is a field that is not checked. */
export type GitlabRule = {
  sub: string;
  ref: string;
  ref_type: string;
  namespace_path: string;
  project_path: string;
  pipeline_source: string;
  environment: string;
  user_login: string;
  user_id: string;
  user_email: string;
  ref_protected: boolean | undefined;
  environment_protected: boolean | undefined;
  ci_config_sha: string;
  ci_config_ref_uri: string;
  deployment_tier: string;
  project_visibility: string;
};

/** `spec.gitlab` (provision-token.md section 4.4), by the document's own keys. */
export interface GitlabBlock {
  allow: GitlabRule[];
  /** Host of the GitLab instance; empty for gitlab.com. */
  domain: string;
  /** A JWKS document that replaces discovery. */
  static_jwks: string;
}

const ruleKeys: KeysOf<GitlabRule> = {
  sub: textKey("Subject of the ID token; * and ? stand for more than themselves."),
  ref: textKey("Branch or tag by its short name, such as main; * and ? stand for more than themselves."),
  ref_type: textKey("Kind of the ref.", { values: ["branch", "tag"] }),
  namespace_path: textKey("Group or user of the project; * and ? stand for more than themselves."),
  project_path: textKey("Project as group/name; * and ? stand for more than themselves."),
  pipeline_source: textKey("What started the pipeline, such as push or web."),
  environment: textKey("Deployment environment of the job."),
  user_login: textKey("Login of the person who runs the pipeline."),
  user_id: textKey("Numeric id of that person, in quotes."),
  user_email: textKey("Mail address of that person."),
  ref_protected: leafKey("flag", "Whether the ref has to be protected, or has to be unprotected."),
  environment_protected: leafKey(
    "flag",
    "Whether the environment has to be protected, or has to be unprotected.",
  ),
  ci_config_sha: textKey("Commit of the pipeline's configuration."),
  ci_config_ref_uri: textKey("Path and ref of the pipeline's configuration."),
  deployment_tier: textKey("Tier of the environment, such as production."),
  project_visibility: textKey("Visibility of the project.", { values: ["public", "internal", "private"] }),
};

const blockKeys: KeysOf<GitlabBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  domain: textKey("Host of the GitLab instance, without scheme and path; gitlab.com unless given."),
  static_jwks: textKey("JWKS document that replaces discovery.", { since: "17" }),
};

const requiresOneOf = ["sub", "project_path", "namespace_path", "ci_config_ref_uri"] as const;

const claims = [
  "sub",
  "ref",
  "ref_type",
  "ref_protected",
  "namespace_id",
  "namespace_path",
  "project_id",
  "project_path",
  "user_id",
  "user_login",
  "user_email",
  "pipeline_id",
  "pipeline_source",
  "environment",
  "environment_protected",
  "environment_action",
  "ci_config_ref_uri",
  "ci_config_sha",
  "sha",
  "runner_environment",
  "deployment_tier",
  "project_visibility",
];

const shortRef = {
  pattern: /^(?!refs\/(heads|tags)\/)/,
  says: "a full ref; the claim is the short name, such as main",
};

/** GitLab CI (provision-token.md section 4.4, id-tokens.md section 3.2). */
export const gitlab: IdTokenJoinMethod = {
  name: "gitlab",
  since: "12.2",
  help: "GitLab CI",
  proof: "id-token",
  keys: blockKeys,
  claims: [...claims, "runner_id"],
  reader: {
    shapes: [...textClaims(...claims), { name: "runner_id", type: "integer" }],
    caseSensitive: false,
  },
  fields: [
    { field: "sub", claim: "sub", compare: glob },
    { field: "ref", claim: "ref", compare: glob, form: shortRef },
    { field: "ref_type", claim: "ref_type", compare: exact, form: wordOf("branch", "tag") },
    { field: "namespace_path", claim: "namespace_path", compare: glob },
    { field: "project_path", claim: "project_path", compare: glob },
    { field: "pipeline_source", claim: "pipeline_source", compare: exact },
    { field: "environment", claim: "environment", compare: exact },
    { field: "user_login", claim: "user_login", compare: exact },
    { field: "user_id", claim: "user_id", compare: exact, form: { pattern: /^\d+$/, says: "no numeric id" } },
    { field: "user_email", claim: "user_email", compare: exact },
    { field: "ref_protected", claim: "ref_protected", compare: triState },
    { field: "environment_protected", claim: "environment_protected", compare: triState },
    { field: "ci_config_sha", claim: "ci_config_sha", compare: exact },
    { field: "ci_config_ref_uri", claim: "ci_config_ref_uri", compare: exact },
    {
      field: "deployment_tier",
      claim: "deployment_tier",
      compare: exact,
      form: wordOf("production", "staging", "testing", "development", "other"),
    },
    {
      field: "project_visibility",
      claim: "project_visibility",
      compare: exact,
      form: wordOf("public", "internal", "private"),
    },
  ],
  requiresOneOf,
  breadths: [
    { name: "ref", fields: ["project_path", "ref", "ref_type"] },
    { name: "environment", fields: ["project_path", "environment"] },
    { name: "project", fields: ["project_path"] },
    { name: "namespace", fields: ["namespace_path"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.gitlab?.allow ?? [];
  },
  expectedIssuer(token: TokenResource): string {
    return `https://${token.gitlab?.domain || "gitlab.com"}`;
  },
  expectedAudience(_token: TokenResource, clusterName: string): string {
    return clusterName;
  },
  staticJwks: (token) => token.gitlab?.static_jwks || undefined,
  noMatch: noRuleMatched,
  doubts,
  suggestBlock({ iss }): Record<string, unknown> {
    const host = /^https:\/\/([^/]+)$/.exec(typeof iss === "string" ? iss : "")?.[1];
    return host === undefined || host === "gitlab.com" ? {} : { domain: host };
  },
  attributes,
};

function check(spec: TokenSpec): DocumentProblem[] {
  const at = ["spec", "gitlab"];
  const block = spec.gitlab;
  if (block === undefined) {
    return [{ path: at, message: '"gitlab" configuration must be provided for the join method "gitlab"' }];
  }
  const problems: DocumentProblem[] = [];
  if (block.allow.length === 0) {
    const message = 'the "gitlab" join method requires defined gitlab allow rules';
    problems.push({ path: [...at, "allow"], message });
  }
  for (const [index, rule] of block.allow.entries()) {
    if (requiresOneOf.some((field) => rule[field] !== "")) continue;
    const message = `the "gitlab" join method requires allow rules with at least one of ['sub', 'project_path', 'namespace_path', 'ci_config_ref_uri'] to ensure security.`;
    problems.push({ path: [...at, "allow", index], message });
  }
  if (block.domain.includes("/")) {
    const message = "'spec.gitlab.domain' should not contain the scheme or path";
    problems.push({ path: [...at, "domain"], message });
  }
  return problems;
}

function doubts(rule: TokenRule): DocumentProblem[] {
  const { namespace_path: namespace, project_path: project } = rule as GitlabRule;
  const problems: DocumentProblem[] = [];
  const plain = !hasGlob(namespace) && !hasGlob(project);
  if (plain && namespace !== "" && project !== "" && !project.startsWith(`${namespace}/`)) {
    problems.push({
      path: ["namespace_path"],
      message: "never matches: the project is in another namespace",
    });
  }
  const named = requiresOneOf.filter((field) => rule[field] !== "");
  if (named.every((field) => /^[*?/]*$/.test(String(rule[field])))) {
    problems.push({ path: [], message: "matches every project of the GitLab instance" });
  } else if (named.every((field) => /^[*?]/.test(String(rule[field])))) {
    const message = "begins with a wildcard, so projects of every group of the GitLab instance may match";
    problems.push({ path: [named[0] ?? ""], message });
  }
  return problems;
}

function attributes(claims: Claims, server: ServerVersion): object {
  const text = (name: string): string => claimText(claims, name);
  const runner = claims.get("runner_id");
  return withoutZeros({
    sub: text("sub"),
    ref: text("ref"),
    ref_type: text("ref_type"),
    ref_protected: text("ref_protected") === "true",
    namespace_path: text("namespace_path"),
    project_path: text("project_path"),
    user_login: text("user_login"),
    user_email: text("user_email"),
    pipeline_id: text("pipeline_id"),
    // Servers up to 17 declare the field and leave it empty (profiles.md).
    pipeline_source: isAtLeast(server, "18") ? text("pipeline_source") : "",
    environment: text("environment"),
    environment_protected: text("environment_protected") === "true",
    // 64 bits wide, so a text in protobuf's JSON.
    runner_id: typeof runner === "number" && runner !== 0 ? String(runner) : "",
    runner_environment: text("runner_environment"),
    sha: text("sha"),
    ci_config_ref_uri: text("ci_config_ref_uri"),
    ci_config_sha: text("ci_config_sha"),
  });
}
