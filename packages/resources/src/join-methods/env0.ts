import { type Claims, claimText, textClaims } from "../claims.ts";
import { type KeysOf, listKey, textKey } from "../keys.ts";
import type { TokenResource } from "../model.ts";
import type { DocumentProblem } from "../problem.ts";
import { exact } from "./comparison.ts";
import {
  failedValidation,
  type IdTokenJoinMethod,
  lowerUuid,
  mustBeConfigured,
  noRuleMatched,
  type TokenRule,
  type TokenSpec,
  withoutZeros,
  wordOf,
} from "./join-method.ts";

/** A rule of `spec.env0.allow`; an empty text is a field that is not checked. */
export type Env0Rule = {
  organization_id: string;
  project_id: string;
  project_name: string;
  template_id: string;
  template_name: string;
  environment_id: string;
  environment_name: string;
  workspace_name: string;
  deployment_type: string;
  deployer_email: string;
  env0_tag: string;
};

/** `spec.env0` (provision-token.md section 4.8), by the document's own keys. */
export interface Env0Block {
  allow: Env0Rule[];
}

const deploymentTypes = ["deploy", "destroy", "prPlan", "task"];

const ruleKeys: KeysOf<Env0Rule> = {
  organization_id: textKey(
    "UUID of the organisation; every rule needs it, since all customers share one issuer.",
  ),
  project_id: textKey("UUID of the project."),
  project_name: textKey("Name of the project."),
  template_id: textKey("UUID of the template."),
  template_name: textKey("Name of the template."),
  environment_id: textKey("UUID of the environment."),
  environment_name: textKey("Name of the environment."),
  workspace_name: textKey("Name of the workspace."),
  deployment_type: textKey("Kind of deployment.", { values: deploymentTypes }),
  deployer_email: textKey("Mail address of whoever deploys."),
  env0_tag: textKey("Value of ENV0_OIDC_TAG in the environment."),
};

const blockKeys: KeysOf<Env0Block> = { allow: listKey("Rules, of which one has to match.", ruleKeys) };

/** Claim by rule field, in the server's order. */
const fieldClaims: readonly (readonly [keyof Env0Rule, string])[] = [
  ["organization_id", "organizationId"],
  ["project_id", "projectId"],
  ["project_name", "projectName"],
  ["template_id", "templateId"],
  ["template_name", "templateName"],
  ["environment_id", "environmentId"],
  ["environment_name", "environmentName"],
  ["workspace_name", "workspaceName"],
  ["deployment_type", "deploymentType"],
  ["deployer_email", "deployerEmail"],
  ["env0_tag", "env0Tag"],
];

const claims = ["sub", ...fieldClaims.map(([, claim]) => claim), "deploymentLogId"];

/** env0 (provision-token.md section 4.8, id-tokens.md section 7). */
export const env0: IdTokenJoinMethod = {
  name: "env0",
  since: "18.4",
  help: "env0",
  proof: "id-token",
  keys: blockKeys,
  claims,
  reader: { shapes: textClaims(...claims), caseSensitive: false },
  fields: fieldClaims.map(([field, claim]) => {
    if (field === "deployment_type")
      return { field, claim, compare: exact, form: wordOf(...deploymentTypes) };
    return field.endsWith("_id")
      ? { field, claim, compare: exact, form: lowerUuid }
      : { field, claim, compare: exact };
  }),
  requiresOneOf: ["organization_id"],
  breadths: [
    { name: "environment", fields: ["organization_id", "project_id", "environment_id"] },
    { name: "template", fields: ["organization_id", "project_id", "template_id"] },
    { name: "project", fields: ["organization_id", "project_id"] },
  ],
  check,
  rules(token: TokenResource): readonly TokenRule[] {
    return token.env0?.allow ?? [];
  },
  expectedIssuer: () => "https://login.app.env0.com/",
  // The sources conflict; this is what env0 issues by its own documentation and what join.md section 7.3 says.
  expectedAudience: () => "https://prod.env0.com",
  noMatch: noRuleMatched,
  attributes(found: Claims): object {
    const text = (name: string): string => claimText(found, name);
    return withoutZeros({
      sub: text("sub"),
      organization_id: text("organizationId"),
      project_id: text("projectId"),
      project_name: text("projectName"),
      template_id: text("templateId"),
      template_name: text("templateName"),
      environment_id: text("environmentId"),
      environment_name: text("environmentName"),
      workspace_name: text("workspaceName"),
      deployment_log_id: text("deploymentLogId"),
      deployment_type: text("deploymentType"),
      deployer_email: text("deployerEmail"),
      env0_tag: text("env0Tag"),
    });
  },
};

function check(spec: TokenSpec): DocumentProblem[] {
  const block = spec.env0;
  if (block === undefined) return mustBeConfigured("env0");
  const problems: DocumentProblem[] = [];
  const problem = failedValidation("env0");
  if (block.allow.length === 0) problems.push(problem(["allow"], "allow: at least one rule must be set"));
  for (const [index, rule] of block.allow.entries()) {
    if (rule.organization_id === "") {
      problems.push(problem(["allow", index], `allow[${index}]: organization_id must be set`));
    }
    if (rule.project_id === "" && rule.project_name === "") {
      const message = `allow[${index}]: at least one of ['project_id', 'project_name'] must be set`;
      problems.push(problem(["allow", index], message));
    }
  }
  return problems;
}
