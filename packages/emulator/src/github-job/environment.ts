import type { GitHubClaims } from "./claims.ts";

/**
 * Gives the environment of a job's step and the event behind it, as the runner sets them for the run that the claims
 * describe (platform-plugins.md section 2.2).
 */
export function jobEnvironment(
  claims: GitHubClaims,
  paths: { temporary: string; workspace: string; eventPath: string },
): { environment: Record<string, string>; event: Record<string, unknown> } {
  const [owner = "", name = ""] = claims.repository.split("/");
  const event = {
    ref: claims.ref,
    after: claims.sha,
    pusher: { name: claims.actor },
    sender: { login: claims.actor, type: "User" },
    repository: {
      id: Number(claims.repository_id),
      name,
      full_name: claims.repository,
      fork: false,
      private: claims.repository_visibility !== "public",
      owner: { login: owner, name: owner },
      html_url: `https://github.com/${claims.repository}`,
    },
  };
  const environment = {
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTION: "__bot-join",
    GITHUB_ACTOR: claims.actor,
    GITHUB_ACTOR_ID: claims.actor_id,
    GITHUB_API_URL: "https://api.github.com",
    GITHUB_BASE_REF: claims.base_ref,
    GITHUB_EVENT_NAME: claims.event_name,
    GITHUB_EVENT_PATH: paths.eventPath,
    GITHUB_GRAPHQL_URL: "https://api.github.com/graphql",
    GITHUB_HEAD_REF: claims.head_ref,
    GITHUB_JOB: "deploy",
    GITHUB_REF: claims.ref,
    GITHUB_REF_NAME: claims.ref.replace(/^refs\/(heads|tags)\//, ""),
    GITHUB_REF_PROTECTED: claims.ref_protected,
    GITHUB_REF_TYPE: claims.ref_type,
    GITHUB_REPOSITORY: claims.repository,
    GITHUB_REPOSITORY_ID: claims.repository_id,
    GITHUB_REPOSITORY_OWNER: claims.repository_owner,
    GITHUB_REPOSITORY_OWNER_ID: claims.repository_owner_id,
    GITHUB_RUN_ATTEMPT: claims.run_attempt,
    GITHUB_RUN_ID: claims.run_id,
    GITHUB_RUN_NUMBER: claims.run_number,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_SHA: claims.sha,
    GITHUB_TRIGGERING_ACTOR: claims.actor,
    GITHUB_WORKFLOW: claims.workflow,
    GITHUB_WORKFLOW_REF: claims.workflow_ref,
    GITHUB_WORKFLOW_SHA: claims.workflow_sha,
    GITHUB_WORKSPACE: paths.workspace,
    RUNNER_ARCH: "X64",
    RUNNER_ENVIRONMENT: claims.runner_environment,
    RUNNER_NAME: "bot-join emulator",
    RUNNER_OS: "Linux",
    RUNNER_TEMP: paths.temporary,
  };
  return { environment, event };
}
