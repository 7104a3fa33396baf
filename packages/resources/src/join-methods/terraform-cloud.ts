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
  type SuggestionContext,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
  wordOf,
} from "./join-method.ts";

/** A rule of `spec.terraform_cloud.allow`; an empty text is a field that is not checked. */
export type TerraformCloudRule = {
  organization_id: string;
  organization_name: string;
  project_id: string;
  project_name: string;
  workspace_id: string;
  workspace_name: string;
  run_phase: string;
};

/** `spec.terraform_cloud` (provision-token.md section 4.10), by the document's own keys. */
export interface TerraformCloudBlock {
  allow: TerraformCloudRule[];
  /** Empty: the cluster's name. */
  audience: string;
  /** Host of a Terraform Enterprise; empty for app.terraform.io. */
  hostname: string;
}

const ruleKeys: KeysOf<TerraformCloudRule> = {
  organization_id: textKey("Id of the organisation, org-…."),
  organization_name: textKey("Name of the organisation."),
  project_id: textKey("Id of the project, prj-…."),
  project_name: textKey("Name of the project."),
  workspace_id: textKey("Id of the workspace, ws-…."),
  workspace_name: textKey("Name of the workspace."),
  run_phase: textKey("Phase of the run.", { values: ["plan", "apply"] }),
};

const blockKeys: KeysOf<TerraformCloudBlock> = {
  allow: listKey("Rules, of which one has to match.", ruleKeys),
  audience: textKey("Audience of the ID token; the cluster's name unless given."),
  hostname: textKey("Host of a Terraform Enterprise (needs Teleport Enterprise)."),
};

const idOf = (prefix: string): FieldForm => ({
  pattern: new RegExp(`^${prefix}-.`),
  says: `no id ${prefix}-…`,
});

const claims = [
  "sub",
  "terraform_organization_id",
  "terraform_organization_name",
  "terraform_project_id",
  "terraform_project_name",
  "terraform_workspace_id",
  "terraform_workspace_name",
  "terraform_full_workspace",
  "terraform_run_id",
  "terraform_run_phase",
];

/** HCP Terraform and Terraform Enterprise (provision-token.md section 4.10, id-tokens.md section 9). */
export const terraformCloud: IdTokenJoinMethod = {
  name: "terraform_cloud",
  since: "16",
  help: "HCP Terraform (Terraform Cloud)",
  proof: "id-token",
  keys: blockKeys,
  claims,
  reader: { shapes: textClaims(...claims), caseSensitive: false },
  fields: [
    { field: "organization_id", claim: "terraform_organization_id", compare: exact, form: idOf("org") },
    { field: "organization_name", claim: "terraform_organization_name", compare: exact },
    { field: "project_id", claim: "terraform_project_id", compare: exact, form: idOf("prj") },
    { field: "project_name", claim: "terraform_project_name", compare: exact },
    { field: "workspace_id", claim: "terraform_workspace_id", compare: exact, form: idOf("ws") },
    { field: "workspace_name", claim: "terraform_workspace_name", compare: exact },
    { field: "run_phase", claim: "terraform_run_phase", compare: exact, form: wordOf("plan", "apply") },
  ],
  requiresOneOf: ["organization_id", "organization_name"],
  breadths: [
    { name: "phase", fields: ["organization_name", "project_name", "workspace_name", "run_phase"] },
    { name: "workspace", fields: ["organization_name", "project_name", "workspace_name"] },
    { name: "project", fields: ["organization_name", "project_name"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.terraform_cloud?.allow ?? [];
  },
  expectedIssuer(token: TokenResource): string {
    return `https://${token.terraform_cloud?.hostname || "app.terraform.io"}`;
  },
  expectedAudience(token: TokenResource, clusterName: string): string {
    return token.terraform_cloud?.audience || clusterName;
  },
  noMatch: noRuleMatched,
  suggestBlock({ iss, aud }, context: SuggestionContext): Record<string, unknown> {
    const audience: unknown = Array.isArray(aud) ? aud[0] : aud;
    const host = /^https:\/\/([^/]+)$/.exec(typeof iss === "string" ? iss : "")?.[1];
    return {
      audience: typeof audience !== "string" || audience === context.clusterName ? undefined : audience,
      hostname: host === "app.terraform.io" ? undefined : host,
    };
  },
  attributes(found: Claims): object {
    const text = (name: string): string => claimText(found, `terraform_${name}`);
    return withoutZeros({
      sub: claimText(found, "sub"),
      organization_name: text("organization_name"),
      project_name: text("project_name"),
      workspace_name: text("workspace_name"),
      full_workspace: text("full_workspace"),
      run_id: text("run_id"),
      run_phase: text("run_phase"),
    });
  },
  enterpriseOnly(token: TokenResource): string | undefined {
    return (token.terraform_cloud?.hostname ?? "") === ""
      ? undefined
      : "terraform_cloud joining for Terraform Enterprise: this feature requires Teleport Enterprise";
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const block = spec.terraform_cloud;
  if (block === undefined) return mustBeConfigured("terraform_cloud");
  const problems: DocumentProblem[] = [];
  const problem = failedValidation("terraform_cloud");
  if (block.allow.length === 0) problems.push(problem(["allow"], "allow: at least one rule must be set"));
  for (const [index, rule] of block.allow.entries()) {
    if (rule.organization_id === "" && rule.organization_name === "") {
      const message = `allow[${index}]: one of ['organization_id', 'organization_name'] must be set`;
      problems.push(problem(["allow", index], message));
    }
    const narrower = [rule.project_id, rule.project_name, rule.workspace_id, rule.workspace_name];
    if (narrower.every((value) => value === "")) {
      const message = `allow[${index}]: at least one of ['project_id', 'project_name', 'workspace_id', 'workspace_name'] must be set`;
      problems.push(problem(["allow", index], message));
    }
  }
  return problems;
}
