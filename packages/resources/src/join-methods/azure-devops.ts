import { type Claims, type ClaimValue, claimText, textClaims } from "../claims.ts";
import { type KeysOf, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { parsePipelineSubject } from "./azure-devops-subject.ts";
import { exact } from "./comparison.ts";
import {
  type ClaimsRefusal,
  failedValidation,
  fullRef,
  type IdTokenJoinMethod,
  lowerUuid,
  mustBeConfigured,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
} from "./join-method.ts";

/** A rule of `spec.azure_devops.allow`; an empty text is a field that is not checked. */
export type AzureDevopsRule = {
  sub: string;
  project_name: string;
  pipeline_name: string;
  project_id: string;
  definition_id: string;
  repository_uri: string;
  repository_version: string;
  repository_ref: string;
};

/** `spec.azure_devops` (provision-token.md section 4.9), by the document's own keys. */
export interface AzureDevopsBlock {
  allow: AzureDevopsRule[];
  organization_id: string;
}

const ruleKeys: KeysOf<AzureDevopsRule> = {
  sub: textKey("Subject of the ID token, p://organisation/project/pipeline."),
  project_name: textKey("Name of the project."),
  pipeline_name: textKey("Name of the pipeline."),
  project_id: textKey("UUID of the project."),
  definition_id: textKey("Id of the pipeline, a number in quotes."),
  repository_uri: textKey("URI of the repository."),
  repository_version: textKey("Commit."),
  repository_ref: textKey("Full git ref, such as refs/heads/main."),
};

const blockKeys: KeysOf<AzureDevopsBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  organization_id: textKey("UUID of the organisation, in lower case."),
};

const requiresOneOf = ["sub", "project_name", "project_id"] as const;

const claims = ["sub", "org_id", "prj_id", "def_id", "rpo_id", "rpo_uri", "rpo_ver", "rpo_ref", "run_id"];

/** Azure DevOps Pipelines (provision-token.md section 4.9, id-tokens.md section 8). */
export const azureDevops: IdTokenJoinMethod = {
  name: "azure_devops",
  since: "17.5",
  help: "Azure DevOps Pipelines",
  proof: "id-token",
  keys: blockKeys,
  claims: [...claims, "project_name", "pipeline_name"],
  reader: { shapes: textClaims(...claims), caseSensitive: false },
  fields: [
    {
      field: "sub",
      claim: "sub",
      compare: exact,
      form: { pattern: /^p:\/\//, says: "no subject of a pipeline, p://…" },
    },
    { field: "project_name", claim: "project_name", compare: exact },
    { field: "pipeline_name", claim: "pipeline_name", compare: exact },
    { field: "project_id", claim: "prj_id", compare: exact, form: lowerUuid },
    {
      field: "definition_id",
      claim: "def_id",
      compare: exact,
      form: { pattern: /^\d+$/, says: "no numeric id" },
    },
    { field: "repository_uri", claim: "rpo_uri", compare: exact },
    { field: "repository_version", claim: "rpo_ver", compare: exact },
    { field: "repository_ref", claim: "rpo_ref", compare: exact, form: fullRef },
  ],
  requiresOneOf,
  breadths: [
    { name: "ref", fields: ["project_name", "pipeline_name", "repository_uri", "repository_ref"] },
    { name: "pipeline", fields: ["project_name", "pipeline_name"] },
    { name: "project", fields: ["project_name"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.azure_devops?.allow ?? [];
  },
  expectedIssuer(token: TokenResource): string {
    return `https://vstoken.dev.azure.com/${token.azure_devops?.organization_id ?? ""}`;
  },
  expectedAudience: () => "api://AzureADTokenExchange",
  derive(found: Claims, token: TokenResource): Claims | ClaimsRefusal {
    const subject = parsePipelineSubject(claimText(found, "sub"));
    if ("message" in subject) return subject;
    const organization = claimText(found, "org_id");
    const configured = token.azure_devops?.organization_id ?? "";
    if (organization !== configured) {
      const message = `organization ID in token (${organization}) does not match configured (${configured})`;
      return { class: "bad-parameter", message };
    }
    return new Map<string, ClaimValue>([
      ...found,
      ["organization_name", subject.organization],
      ["project_name", subject.project],
      ["pipeline_name", subject.pipeline],
    ]);
  },
  noMatch: () => "id token claims failed to match any allow rules",
  suggestBlock: ({ org_id: id }) => ({ organization_id: id ?? "" }),
  attributes(found: Claims): object {
    const text = (name: string): string => claimText(found, name);
    const subject = parsePipelineSubject(text("sub"));
    const names = "message" in subject ? { organization: "", project: "", pipeline: "" } : subject;
    return {
      pipeline: withoutZeros({
        sub: text("sub"),
        organization_name: names.organization,
        project_name: names.project,
        pipeline_name: names.pipeline,
        organization_id: text("org_id"),
        project_id: text("prj_id"),
        definition_id: text("def_id"),
        repository_id: text("rpo_id"),
        repository_version: text("rpo_ver"),
        repository_ref: text("rpo_ref"),
        run_id: text("run_id"),
      }),
    };
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const block = spec.azure_devops;
  if (block === undefined) return mustBeConfigured("azure_devops");
  const problems: DocumentProblem[] = [];
  const problem = failedValidation("azure_devops");
  if (block.organization_id === "")
    problems.push(problem(["organization_id"], "organization_id: must be set"));
  if (block.allow.length === 0) problems.push(problem(["allow"], "allow: at least one rule must be set"));
  for (const [index, rule] of block.allow.entries()) {
    if (requiresOneOf.some((field) => rule[field] !== "")) continue;
    const message = `allow[${index}]: at least one of ['sub', 'project_name', 'project_id'] must be set`;
    problems.push(problem(["allow", index], message));
  }
  return problems;
}
