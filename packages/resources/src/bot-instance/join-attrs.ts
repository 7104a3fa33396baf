import { readClaims } from "../claims.ts";
import { findJoinMethod } from "../join-methods/registry.ts";
import type { TokenResource } from "../model.ts";
import { parseServerVersion } from "../server-version.ts";

/** What is recorded of every join (bot-instance.md section 3); absent is an empty text. */
export type JoinAttrsMeta = { join_token_name?: string; join_method?: string };

/** The member of a GitLab join. */
export type JoinAttrsGitLab = {
  sub?: string;
  ref?: string;
  ref_type?: string;
  ref_protected?: boolean;
  namespace_path?: string;
  project_path?: string;
  user_login?: string;
  user_email?: string;
  pipeline_id?: string;
  pipeline_source?: string;
  environment?: string;
  environment_protected?: boolean;
  /** 64 bits wide, so a text in protobuf's JSON. */
  runner_id?: string;
  runner_environment?: string;
  sha?: string;
  ci_config_ref_uri?: string;
  ci_config_sha?: string;
};

/** The member of a GitHub join. */
export type JoinAttrsGitHub = {
  sub?: string;
  actor?: string;
  environment?: string;
  ref?: string;
  ref_type?: string;
  repository?: string;
  repository_owner?: string;
  workflow?: string;
  event_name?: string;
  sha?: string;
  run_id?: string;
};

/** The member of an AWS IAM join. */
export type JoinAttrsAwsIam = { account?: string; arn?: string };

/** The member of a TPM join. */
export type JoinAttrsTpm = { ek_pub_hash?: string; ek_cert_serial?: string; ek_cert_verified?: boolean };

/** The member of an Azure join. */
export type JoinAttrsAzure = { subscription?: string; resource_group?: string; tenant?: string };

/** The member of a CircleCI join. */
export type JoinAttrsCircleCi = { sub?: string; context_ids?: string[]; project_id?: string };

/** The member of a Bitbucket join. */
export type JoinAttrsBitbucket = {
  sub?: string;
  step_uuid?: string;
  repository_uuid?: string;
  pipeline_uuid?: string;
  workspace_uuid?: string;
  deployment_environment_uuid?: string;
  branch_name?: string;
};

/** The member of an HCP Terraform join. */
export type JoinAttrsTerraformCloud = {
  sub?: string;
  organization_name?: string;
  project_name?: string;
  workspace_name?: string;
  full_workspace?: string;
  run_id?: string;
  run_phase?: string;
};

/** The member of a Spacelift join. */
export type JoinAttrsSpacelift = {
  sub?: string;
  space_id?: string;
  caller_type?: string;
  caller_id?: string;
  run_type?: string;
  run_id?: string;
  scope?: string;
};

/** The member of a Google Cloud join; `gce` for instances of Compute Engine only. */
export type JoinAttrsGcp = {
  service_account?: string;
  gce?: { name?: string; zone?: string; id?: string; project?: string };
};

/** The member of a Kubernetes join. */
export type JoinAttrsKubernetes = {
  subject?: string;
  service_account?: { name?: string; namespace?: string };
  pod?: { name?: string };
};

/** The member of an Oracle Cloud join. */
export type JoinAttrsOracle = { tenancy_id?: string; compartment_id?: string; instance_id?: string };

/** The member of an Azure DevOps join. */
export type JoinAttrsAzureDevops = {
  pipeline: {
    sub?: string;
    organization_name?: string;
    project_name?: string;
    pipeline_name?: string;
    organization_id?: string;
    project_id?: string;
    definition_id?: string;
    repository_id?: string;
    repository_version?: string;
    repository_ref?: string;
    run_id?: string;
  };
};

/** The member of an env0 join. */
export type JoinAttrsEnv0 = {
  sub?: string;
  organization_id?: string;
  project_id?: string;
  project_name?: string;
  template_id?: string;
  template_name?: string;
  environment_id?: string;
  environment_name?: string;
  workspace_name?: string;
  deployment_log_id?: string;
  deployment_type?: string;
  deployer_email?: string;
  env0_tag?: string;
};

/** What the server attests of one join, by the reference's own names; at most one member beside `meta`. */
export interface JoinAttrs {
  meta: JoinAttrsMeta;
  gitlab?: JoinAttrsGitLab;
  github?: JoinAttrsGitHub;
  iam?: JoinAttrsAwsIam;
  tpm?: JoinAttrsTpm;
  azure?: JoinAttrsAzure;
  circleci?: JoinAttrsCircleCi;
  bitbucket?: JoinAttrsBitbucket;
  terraform_cloud?: JoinAttrsTerraformCloud;
  spacelift?: JoinAttrsSpacelift;
  gcp?: JoinAttrsGcp;
  kubernetes?: JoinAttrsKubernetes;
  oracle?: JoinAttrsOracle;
  azure_devops?: JoinAttrsAzureDevops;
  env0?: JoinAttrsEnv0;
}

/**
 * Makes the attributes that a join by this token is recorded with, from the ID token's claims or from what the platform
 * attests (`IamAttested`, `AzureAttested`, `TpmAttested`, `OracleAttested`). Zero values are left out, as in
 * protobuf's JSON. `serverVersion` decides what differs; default: the newest. Throws ERR_RESOURCE_CLAIM_TYPE for
 * a claim of the wrong JSON type.
 */
export function joinAttrs(
  token: TokenResource,
  claims: Readonly<Record<string, unknown>>,
  serverVersion?: string,
): JoinAttrs {
  const method = findJoinMethod(token.joinMethod);
  const meta: JoinAttrsMeta = { join_method: token.joinMethod };
  // The name of a token of method token is its secret.
  if (token.joinMethod !== "token") meta.join_token_name = token.name;
  if (method?.attributes === undefined) return { meta };
  const read = readClaims(method.name, method.reader, claims);
  return { meta, [method.name]: method.attributes(read, parseServerVersion(serverVersion)) };
}
