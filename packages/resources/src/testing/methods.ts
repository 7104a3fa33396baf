import type { TokenResource } from "../model.ts";
import { type CheckOptions, checkResources, parseResources } from "../parse-resources.ts";

/** A join method with claims as its platform issues or attests them, and one token that they open. */
export interface MethodSample {
  claims: Record<string, unknown>;
  /** `spec.<method>` without rules; undefined for a method whose rules stand in `spec.allow`. */
  block: Record<string, unknown> | undefined;
  /** A rule with every field that the method has, all of them met by the claims. */
  rule: Record<string, unknown>;
  /** For each field, the claim to change: by path. */
  claimOf: Record<string, readonly string[]>;
  /** The member of JoinAttrs that the claims make. */
  attributes: object;
}

const uuid = (digit: string): string =>
  `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`;

/** The samples by method; claims are the examples of id-tokens.md. */
export const samples: Readonly<Record<string, MethodSample>> = {
  github: {
    claims: {
      sub: "repo:octo-eng/payments:environment:production",
      aud: "teleport.cluster.local",
      ref: "refs/heads/main",
      sha: "9f2d6a7c0b8e41d5a3f2c6e7b8091a2b3c4d5e6f",
      repository: "octo-eng/payments",
      repository_owner: "octo-eng",
      run_id: "8123456789",
      run_attempt: "1",
      actor: "mona",
      workflow: "deploy",
      event_name: "push",
      ref_type: "branch",
      environment: "production",
      iss: "https://token.actions.githubusercontent.com",
      exp: 1767225900,
    },
    block: {},
    rule: {
      sub: "repo:octo-eng/payments:environment:production",
      repository: "octo-eng/payments",
      repository_owner: "octo-eng",
      workflow: "deploy",
      environment: "production",
      actor: "mona",
      ref: "refs/heads/main",
      ref_type: "branch",
    },
    claimOf: {},
    attributes: {
      sub: "repo:octo-eng/payments:environment:production",
      actor: "mona",
      environment: "production",
      ref: "refs/heads/main",
      ref_type: "branch",
      repository: "octo-eng/payments",
      repository_owner: "octo-eng",
      workflow: "deploy",
      event_name: "push",
      sha: "9f2d6a7c0b8e41d5a3f2c6e7b8091a2b3c4d5e6f",
      run_id: "8123456789",
    },
  },
  gitlab: {
    claims: {
      namespace_path: "acme",
      project_path: "acme/shop",
      user_id: "30915",
      user_login: "dana",
      user_email: "dana@example.com",
      pipeline_id: "1188420",
      pipeline_source: "push",
      ref: "main",
      ref_type: "branch",
      ref_protected: "true",
      groups_direct: ["acme"],
      environment: "production",
      environment_protected: "false",
      deployment_tier: "production",
      runner_id: 5127,
      runner_environment: "self-hosted",
      sha: "c3a91e5d7b60f248196ad3e07c5b8412f9d6e0a7",
      project_visibility: "private",
      ci_config_ref_uri: "gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main",
      ci_config_sha: "c3a91e5d7b60f248196ad3e07c5b8412f9d6e0a7",
      iss: "https://gitlab.com",
      sub: "project_path:acme/shop:ref_type:branch:ref:main",
      aud: "teleport.example.com",
    },
    block: {},
    rule: {
      sub: "project_path:acme/*:ref_type:branch:ref:ma?n",
      ref: "m*",
      ref_type: "branch",
      namespace_path: "acm?",
      project_path: "*/shop",
      pipeline_source: "push",
      environment: "production",
      user_login: "dana",
      user_id: "30915",
      user_email: "dana@example.com",
      ref_protected: true,
      environment_protected: false,
      ci_config_sha: "c3a91e5d7b60f248196ad3e07c5b8412f9d6e0a7",
      ci_config_ref_uri: "gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main",
      deployment_tier: "production",
      project_visibility: "private",
    },
    claimOf: {},
    attributes: {
      sub: "project_path:acme/shop:ref_type:branch:ref:main",
      ref: "main",
      ref_type: "branch",
      ref_protected: true,
      namespace_path: "acme",
      project_path: "acme/shop",
      user_login: "dana",
      user_email: "dana@example.com",
      pipeline_id: "1188420",
      pipeline_source: "push",
      environment: "production",
      runner_id: "5127",
      runner_environment: "self-hosted",
      sha: "c3a91e5d7b60f248196ad3e07c5b8412f9d6e0a7",
      ci_config_ref_uri: "gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main",
      ci_config_sha: "c3a91e5d7b60f248196ad3e07c5b8412f9d6e0a7",
    },
  },
  circleci: {
    claims: {
      aud: uuid("a"),
      iss: `https://oidc.circleci.com/org/${uuid("a")}`,
      "oidc.circleci.com/context-ids": [uuid("b")],
      "oidc.circleci.com/project-id": uuid("c"),
      sub: `org/${uuid("a")}/project/${uuid("c")}/user/${uuid("d")}`,
    },
    block: { organization_id: uuid("a") },
    rule: { project_id: uuid("c"), context_id: uuid("b") },
    claimOf: { project_id: ["oidc.circleci.com/project-id"], context_id: ["oidc.circleci.com/context-ids"] },
    attributes: {
      sub: `org/${uuid("a")}/project/${uuid("c")}/user/${uuid("d")}`,
      context_ids: [uuid("b")],
      project_id: uuid("c"),
    },
  },
  bitbucket: {
    claims: {
      sub: `{${uuid("1")}}:{${uuid("2")}}`,
      aud: `ari:cloud:bitbucket::workspace/${uuid("3")}`,
      iss: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
      stepUuid: `{${uuid("2")}}`,
      repositoryUuid: `{${uuid("1")}}`,
      pipelineUuid: `{${uuid("4")}}`,
      workspaceUuid: `{${uuid("3")}}`,
      deploymentEnvironmentUuid: `{${uuid("5")}}`,
      branchName: "main",
    },
    block: {
      audience: `ari:cloud:bitbucket::workspace/${uuid("3")}`,
      identity_provider_url: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
    },
    rule: {
      workspace_uuid: `{${uuid("3")}}`,
      repository_uuid: `{${uuid("1")}}`,
      deployment_environment_uuid: `{${uuid("5")}}`,
      branch_name: "main",
    },
    claimOf: {
      workspace_uuid: ["workspaceUuid"],
      repository_uuid: ["repositoryUuid"],
      deployment_environment_uuid: ["deploymentEnvironmentUuid"],
      branch_name: ["branchName"],
    },
    attributes: {
      sub: `{${uuid("1")}}:{${uuid("2")}}`,
      step_uuid: `{${uuid("2")}}`,
      repository_uuid: `{${uuid("1")}}`,
      pipeline_uuid: `{${uuid("4")}}`,
      workspace_uuid: `{${uuid("3")}}`,
      deployment_environment_uuid: `{${uuid("5")}}`,
      branch_name: "main",
    },
  },
  spacelift: {
    claims: {
      iss: "https://acme.app.spacelift.io",
      aud: "acme.app.spacelift.io",
      sub: "space:legacy:stack:network-prod:run_type:TRACKED:scope:write",
      spaceId: "legacy",
      callerType: "stack",
      callerId: "network-prod",
      runType: "TRACKED",
      runId: "01J8ZB1R0T9V4K3M2N1P0QXYZA",
      scope: "write",
    },
    block: { hostname: "acme.app.spacelift.io" },
    rule: { space_id: "legacy", caller_id: "network-prod", caller_type: "stack", scope: "write" },
    claimOf: { space_id: ["spaceId"], caller_id: ["callerId"], caller_type: ["callerType"] },
    attributes: {
      sub: "space:legacy:stack:network-prod:run_type:TRACKED:scope:write",
      space_id: "legacy",
      caller_type: "stack",
      caller_id: "network-prod",
      run_type: "TRACKED",
      run_id: "01J8ZB1R0T9V4K3M2N1P0QXYZA",
      scope: "write",
    },
  },
  env0: {
    claims: {
      iss: "https://login.app.env0.com/",
      sub: "auth0|63f0c1d2a4b5c6d7e8f90a1b",
      aud: ["https://prod.env0.com"],
      organizationId: uuid("a"),
      projectId: uuid("b"),
      projectName: "payments",
      templateId: uuid("c"),
      templateName: "vpc",
      environmentId: uuid("d"),
      environmentName: "prod-vpc",
      workspaceName: "prod-vpc-84321",
      deploymentLogId: uuid("e"),
      deploymentType: "deploy",
      deployerEmail: "dana@example.com",
      env0Tag: "teleport",
    },
    block: {},
    rule: {
      organization_id: uuid("a"),
      project_id: uuid("b"),
      project_name: "payments",
      template_id: uuid("c"),
      template_name: "vpc",
      environment_id: uuid("d"),
      environment_name: "prod-vpc",
      workspace_name: "prod-vpc-84321",
      deployment_type: "deploy",
      deployer_email: "dana@example.com",
      env0_tag: "teleport",
    },
    claimOf: {
      organization_id: ["organizationId"],
      project_id: ["projectId"],
      project_name: ["projectName"],
      template_id: ["templateId"],
      template_name: ["templateName"],
      environment_id: ["environmentId"],
      environment_name: ["environmentName"],
      workspace_name: ["workspaceName"],
      deployment_type: ["deploymentType"],
      deployer_email: ["deployerEmail"],
      env0_tag: ["env0Tag"],
    },
    attributes: {
      sub: "auth0|63f0c1d2a4b5c6d7e8f90a1b",
      organization_id: uuid("a"),
      project_id: uuid("b"),
      project_name: "payments",
      template_id: uuid("c"),
      template_name: "vpc",
      environment_id: uuid("d"),
      environment_name: "prod-vpc",
      workspace_name: "prod-vpc-84321",
      deployment_log_id: uuid("e"),
      deployment_type: "deploy",
      deployer_email: "dana@example.com",
      env0_tag: "teleport",
    },
  },
  azure_devops: {
    claims: {
      sub: "p://acme/platform/deploy-prod",
      aud: "api://AzureADTokenExchange",
      org_id: uuid("5"),
      prj_id: uuid("8"),
      def_id: "17",
      rpo_id: "acme/platform",
      rpo_uri: "https://github.com/acme/platform.git",
      rpo_ver: "d18f4c70a95e3b62871fd0c46ae92b5370e8f19d",
      rpo_ref: "refs/heads/main",
      run_id: "204",
      iss: `https://vstoken.dev.azure.com/${uuid("5")}`,
    },
    block: { organization_id: uuid("5") },
    rule: {
      sub: "p://acme/platform/deploy-prod",
      project_name: "platform",
      pipeline_name: "deploy-prod",
      project_id: uuid("8"),
      definition_id: "17",
      repository_uri: "https://github.com/acme/platform.git",
      repository_version: "d18f4c70a95e3b62871fd0c46ae92b5370e8f19d",
      repository_ref: "refs/heads/main",
    },
    claimOf: {
      project_name: ["sub"],
      pipeline_name: ["sub"],
      project_id: ["prj_id"],
      definition_id: ["def_id"],
      repository_uri: ["rpo_uri"],
      repository_version: ["rpo_ver"],
      repository_ref: ["rpo_ref"],
    },
    attributes: {
      pipeline: {
        sub: "p://acme/platform/deploy-prod",
        organization_name: "acme",
        project_name: "platform",
        pipeline_name: "deploy-prod",
        organization_id: uuid("5"),
        project_id: uuid("8"),
        definition_id: "17",
        repository_id: "acme/platform",
        repository_version: "d18f4c70a95e3b62871fd0c46ae92b5370e8f19d",
        repository_ref: "refs/heads/main",
        run_id: "204",
      },
    },
  },
  terraform_cloud: {
    claims: {
      iss: "https://app.terraform.io",
      aud: "teleport.example.com",
      sub: "organization:acme:project:Core:workspace:network:run_phase:apply",
      terraform_organization_id: "org-Qk2vZr8TnYw4LcPd",
      terraform_organization_name: "acme",
      terraform_project_id: "prj-7HsMb3XqEe9VuJRa",
      terraform_project_name: "Core",
      terraform_workspace_id: "ws-Dy6WfGt1NpKz5BcQ",
      terraform_workspace_name: "network",
      terraform_full_workspace: "organization:acme:project:Core:workspace:network",
      terraform_run_id: "run-Lm4RjVx8SaTo2HuE",
      terraform_run_phase: "apply",
    },
    block: {},
    rule: {
      organization_id: "org-Qk2vZr8TnYw4LcPd",
      organization_name: "acme",
      project_id: "prj-7HsMb3XqEe9VuJRa",
      project_name: "Core",
      workspace_id: "ws-Dy6WfGt1NpKz5BcQ",
      workspace_name: "network",
      run_phase: "apply",
    },
    claimOf: {
      organization_id: ["terraform_organization_id"],
      organization_name: ["terraform_organization_name"],
      project_id: ["terraform_project_id"],
      project_name: ["terraform_project_name"],
      workspace_id: ["terraform_workspace_id"],
      workspace_name: ["terraform_workspace_name"],
      run_phase: ["terraform_run_phase"],
    },
    attributes: {
      sub: "organization:acme:project:Core:workspace:network:run_phase:apply",
      organization_name: "acme",
      project_name: "Core",
      workspace_name: "network",
      full_workspace: "organization:acme:project:Core:workspace:network",
      run_id: "run-Lm4RjVx8SaTo2HuE",
      run_phase: "apply",
    },
  },
  kubernetes: {
    claims: {
      aud: ["teleport.example.com"],
      exp: 1767226200,
      iat: 1767225600,
      iss: "https://kubernetes.default.svc.cluster.local",
      "kubernetes.io": {
        namespace: "ci",
        node: { name: "n1", uid: uuid("1") },
        pod: { name: "runner-7c9d", uid: uuid("6") },
        serviceaccount: { name: "deployer", uid: uuid("b") },
      },
      sub: "system:serviceaccount:ci:deployer",
    },
    block: { type: "static_jwks", static_jwks: { jwks: '{"keys":[{}]}' } },
    rule: { service_account: "ci:deployer" },
    claimOf: { service_account: ["sub"] },
    attributes: {
      subject: "system:serviceaccount:ci:deployer",
      service_account: { name: "deployer", namespace: "ci" },
      pod: { name: "runner-7c9d" },
    },
  },
  gcp: {
    claims: {
      aud: "teleport.cluster.local",
      email: "ci@acme-prod.iam.gserviceaccount.com",
      email_verified: true,
      iss: "https://accounts.google.com",
      sub: "109876543210987654321",
      google: {
        compute_engine: {
          instance_creation_timestamp: 1766000000,
          instance_id: "5310427718264093175",
          instance_name: "runner-1",
          project_id: "acme-prod",
          project_number: 604418237755,
          zone: "us-west1-b",
        },
      },
    },
    block: {},
    rule: {
      project_ids: ["other", "acme-prod"],
      locations: ["us-east1", "us-west1"],
      service_accounts: ["ci@acme-prod.iam.gserviceaccount.com"],
    },
    claimOf: {
      project_ids: ["google", "compute_engine", "project_id"],
      locations: ["google", "compute_engine", "zone"],
      service_accounts: ["email"],
    },
    attributes: {
      service_account: "ci@acme-prod.iam.gserviceaccount.com",
      gce: { name: "runner-1", zone: "us-west1-b", id: "5310427718264093175", project: "acme-prod" },
    },
  },
  iam: {
    claims: { account: "111111111111", arn: "arn:aws:sts::111111111111:assumed-role/ci/i-0123" },
    block: undefined,
    rule: { aws_account: "111111111111", aws_arn: "arn:aws:sts::111111111111:assumed-role/ci/i-?*" },
    claimOf: { aws_account: ["account"], aws_arn: ["arn"] },
    attributes: { account: "111111111111", arn: "arn:aws:sts::111111111111:assumed-role/ci/i-0123" },
  },
  ec2: {
    claims: { account: "111111111111", region: "us-west-2" },
    block: undefined,
    rule: { aws_account: "111111111111", aws_regions: ["us-east-1", "us-west-2"] },
    claimOf: { aws_account: ["account"], aws_regions: ["region"] },
    attributes: {},
  },
  azure: {
    claims: { subscription: uuid("a"), resource_group: "Ci-Runners", tenant: uuid("b") },
    block: {},
    rule: { subscription: uuid("a"), resource_groups: ["x", "Ci-Runners"], tenant: uuid("b") },
    claimOf: { subscription: ["subscription"], resource_groups: ["resource_group"], tenant: ["tenant"] },
    attributes: { subscription: uuid("a"), resource_group: "Ci-Runners", tenant: uuid("b") },
  },
  tpm: {
    claims: { ek_pub_hash: "ab".repeat(32), ek_cert_serial: "73:df:dc", ek_cert_verified: true },
    block: {},
    rule: { ek_public_hash: "ab".repeat(32), ek_certificate_serial: "73:df:dc" },
    claimOf: { ek_public_hash: ["ek_pub_hash"], ek_certificate_serial: ["ek_cert_serial"] },
    attributes: { ek_pub_hash: "ab".repeat(32), ek_cert_serial: "73:df:dc", ek_cert_verified: true },
  },
  oracle: {
    claims: {
      tenancy_id: "ocid1.tenancy.oc1..aaaa",
      compartment_id: "ocid1.compartment.oc1..bbbb",
      instance_id: "ocid1.instance.oc1.phx.cccc",
    },
    block: {},
    rule: {
      tenancy: "ocid1.tenancy.oc1..aaaa",
      parent_compartments: ["ocid1.compartment.oc1..bbbb"],
      regions: ["iad", "us-phoenix-1"],
    },
    claimOf: { tenancy: ["tenancy_id"], parent_compartments: ["compartment_id"], regions: ["instance_id"] },
    attributes: {
      tenancy_id: "ocid1.tenancy.oc1..aaaa",
      compartment_id: "ocid1.compartment.oc1..bbbb",
      instance_id: "ocid1.instance.oc1.phx.cccc",
    },
  },
};

/** Makes the document of a token with these rules. */
export function documentWith(
  method: string,
  allow: unknown[],
  block?: Record<string, unknown>,
): Record<string, unknown> {
  const sample = samples[method];
  const own =
    sample?.block === undefined && block === undefined
      ? { allow }
      : { [method]: { ...sample?.block, ...block, allow } };
  const identity = method === "ec2" ? { roles: ["Node"] } : { roles: ["Bot"], bot_name: "robot" };
  return {
    kind: "token",
    version: "v2",
    metadata: { name: "a-token" },
    spec: { ...identity, join_method: method, ...own },
  };
}

/** Makes a token with these rules through the parser. */
export function tokenWith(method: string, allow: unknown[], block?: Record<string, unknown>): TokenResource {
  const [token] = parseResources(JSON.stringify(documentWith(method, allow, block)), "test");
  return token as TokenResource;
}

/** Gives the server's refusals of a document. */
export function refusals(document: unknown, options: CheckOptions = {}): string[] {
  return checkResources(JSON.stringify(document), "test", options).problems.map(({ message }) => message);
}

/** Gives the doubts about a document, each as `path: message`. */
export function doubts(document: unknown, options: CheckOptions = {}): string[] {
  return checkResources(JSON.stringify(document), "test", options).warnings.map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

/** Gives claims with one of them, by its path, replaced; undefined takes it away. */
export function withClaim(
  claims: Record<string, unknown>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [first = "", ...rest] = path;
  const inner = claims[first] as Record<string, unknown>;
  const next = rest.length === 0 ? value : withClaim(inner ?? {}, rest, value);
  const { [first]: _, ...others } = claims;
  return next === undefined ? others : { ...others, [first]: next };
}
