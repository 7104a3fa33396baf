import { type Claims, claimText, textClaims } from "../claims.ts";
import { type KeysOf, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { exact } from "./comparison.ts";
import {
  type FieldForm,
  failedValidation,
  type IdTokenJoinMethod,
  mustBeConfigured,
  noRuleMatched,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
} from "./join-method.ts";

/** A rule of `spec.bitbucket.allow`; an empty text is a field that is not checked. */
export type BitbucketRule = {
  workspace_uuid: string;
  repository_uuid: string;
  deployment_environment_uuid: string;
  branch_name: string;
};

/** `spec.bitbucket` (provision-token.md section 4.6), by the document's own keys. */
export interface BitbucketBlock {
  allow: BitbucketRule[];
  audience: string;
  identity_provider_url: string;
}

const ruleKeys: KeysOf<BitbucketRule> = {
  workspace_uuid: textKey("UUID of the workspace, with braces."),
  repository_uuid: textKey("UUID of the repository, with braces."),
  deployment_environment_uuid: textKey("UUID of the deployment environment, with braces."),
  branch_name: textKey("Branch by its plain name."),
};

const blockKeys: KeysOf<BitbucketBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  audience: textKey("Audience, as the repository's OpenID Connect settings show it."),
  identity_provider_url: textKey("Issuer, as the repository's OpenID Connect settings show it."),
};

const braced: FieldForm = {
  pattern: /^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/,
  says: "no UUID in lower case with braces; the claim is {uuid}",
};

/** Bitbucket Pipelines (provision-token.md section 4.6, id-tokens.md section 5). */
export const bitbucket: IdTokenJoinMethod = {
  name: "bitbucket",
  since: "16.4",
  help: "Bitbucket Pipelines",
  proof: "id-token",
  keys: blockKeys,
  claims: [
    "sub",
    "stepUuid",
    "repositoryUuid",
    "pipelineUuid",
    "workspaceUuid",
    "deploymentEnvironmentUuid",
    "branchName",
  ],
  reader: {
    shapes: textClaims(
      "sub",
      "stepUuid",
      "repositoryUuid",
      "pipelineUuid",
      "workspaceUuid",
      "deploymentEnvironmentUuid",
      "branchName",
    ),
    caseSensitive: false,
  },
  fields: [
    { field: "workspace_uuid", claim: "workspaceUuid", compare: exact, form: braced },
    { field: "repository_uuid", claim: "repositoryUuid", compare: exact, form: braced },
    {
      field: "deployment_environment_uuid",
      claim: "deploymentEnvironmentUuid",
      compare: exact,
      form: braced,
    },
    { field: "branch_name", claim: "branchName", compare: exact },
  ],
  requiresOneOf: ["workspace_uuid", "repository_uuid"],
  breadths: [
    { name: "environment", fields: ["workspace_uuid", "repository_uuid", "deployment_environment_uuid"] },
    { name: "branch", fields: ["workspace_uuid", "repository_uuid", "branch_name"] },
    { name: "repository", fields: ["workspace_uuid", "repository_uuid"] },
    { name: "workspace", fields: ["workspace_uuid"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.bitbucket?.allow ?? [];
  },
  expectedIssuer(token: TokenResource): string {
    return token.bitbucket?.identity_provider_url ?? "";
  },
  expectedAudience(token: TokenResource): string {
    return token.bitbucket?.audience ?? "";
  },
  noMatch: noRuleMatched,
  suggestBlock({ iss, aud }): Record<string, unknown> {
    const audience: unknown = Array.isArray(aud) ? aud[0] : aud;
    return {
      audience: typeof audience === "string" ? audience : "",
      identity_provider_url: typeof iss === "string" ? iss : "",
    };
  },
  attributes(claims: Claims): object {
    const text = (name: string): string => claimText(claims, name);
    return withoutZeros({
      sub: text("sub"),
      step_uuid: text("stepUuid"),
      repository_uuid: text("repositoryUuid"),
      pipeline_uuid: text("pipelineUuid"),
      workspace_uuid: text("workspaceUuid"),
      deployment_environment_uuid: text("deploymentEnvironmentUuid"),
      branch_name: text("branchName"),
    });
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const block = spec.bitbucket;
  if (block === undefined) return mustBeConfigured("bitbucket");
  const problems: DocumentProblem[] = [];
  const problem = failedValidation("bitbucket");
  if (block.allow.length === 0) problems.push(problem(["allow"], "allow: at least one rule must be set"));
  if (block.audience === "") {
    problems.push(problem(["audience"], "audience: an OpenID Connect Audience value is required"));
  }
  if (block.identity_provider_url === "") {
    const message = "identity_provider_url: an identity provider URL is required";
    problems.push(problem(["identity_provider_url"], message));
  }
  for (const [index, rule] of block.allow.entries()) {
    if (rule.workspace_uuid !== "" || rule.repository_uuid !== "") continue;
    const message = `allow[${index}]: at least one of ['workspace_uuid', 'repository_uuid'] must be set`;
    problems.push(problem(["allow", index], message));
  }
  return problems;
}
