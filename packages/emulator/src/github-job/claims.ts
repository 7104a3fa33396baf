/** The claims of a GitHub Actions ID token but for issuer, audience and times (id-tokens.md section 2.2). */
export interface GitHubClaims {
  jti: string;
  sub: string;
  ref: string;
  sha: string;
  repository: string;
  repository_owner: string;
  repository_owner_id: string;
  run_id: string;
  run_number: string;
  run_attempt: string;
  repository_visibility: string;
  repository_id: string;
  actor_id: string;
  actor: string;
  workflow: string;
  head_ref: string;
  base_ref: string;
  event_name: string;
  ref_protected: string;
  ref_type: string;
  workflow_ref: string;
  workflow_sha: string;
  job_workflow_ref: string;
  job_workflow_sha: string;
  runner_environment: string;
  environment: string;
}

/**
 * Gives the claims of a push to `main` of acme/shop in the environment `prod`, with those given in place. Claims that
 * follow from the repository, the ref and the environment follow from the given ones.
 */
export function githubClaims(given: Partial<GitHubClaims> = {}): GitHubClaims {
  const repository = given.repository ?? "acme/shop";
  const ref = given.ref ?? "refs/heads/main";
  const environment = given.environment ?? "prod";
  const sha = given.sha ?? "9f2d6a7c0b8e41d5a3f2c6e7b8091a2b3c4d5e6f";
  const workflowRef = `${repository}/.github/workflows/deploy.yml@${ref}`;
  return {
    jti: "6d1c7f0e-6a53-4a1f-9a35-0a4f2f9c1b77",
    sub: `repo:${repository}:${environment === "" ? `ref:${ref}` : `environment:${environment}`}`,
    ref,
    sha,
    repository,
    repository_owner: repository.split("/", 1)[0] ?? "",
    repository_owner_id: "7310245",
    run_id: "4711",
    run_number: "412",
    run_attempt: "1",
    repository_visibility: "private",
    repository_id: "560012345",
    actor_id: "1029384",
    actor: "octo",
    workflow: "deploy",
    head_ref: "",
    base_ref: "",
    event_name: "push",
    ref_protected: "true",
    ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
    workflow_ref: workflowRef,
    workflow_sha: sha,
    job_workflow_ref: workflowRef,
    job_workflow_sha: sha,
    runner_environment: "github-hosted",
    environment,
    ...given,
  };
}
