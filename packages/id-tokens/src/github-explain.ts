import { IdTokenError } from "./errors.ts";
import type { GitHubContext } from "./github-context.ts";
import type { PlatformEnvironment } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/**
 * Finds the likely reason why a job has no ID token endpoint (id-tokens.md section 2.1): not a GitHub job, another
 * forge, a half-copied environment, a pull request from a fork, Dependabot, or the missing permission.
 */
export function explainMissingRequest(
  environment: PlatformEnvironment,
  context: GitHubContext,
): IdTokenError {
  return explainByEnvironment(environment) ?? explainByContext(context) ?? permissionMissing(environment);
}

function explainByEnvironment(environment: PlatformEnvironment): IdTokenError | undefined {
  const has = (name: string): boolean => (environment[name] ?? "") !== "";
  if (has("ACTIONS_ID_TOKEN_REQUEST_URL") || has("ACTIONS_ID_TOKEN_REQUEST_TOKEN")) {
    const missing = has("ACTIONS_ID_TOKEN_REQUEST_URL")
      ? "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
      : "ACTIONS_ID_TOKEN_REQUEST_URL";
    return new IdTokenError({
      code: "ERR_IDTOKEN_REQUEST_VARIABLES",
      kind: "user",
      message: `No ID token can be requested from GitHub: the variable ${missing} is missing, although its twin is there.`,
      hint: "The runner sets both for every step of a job. Pass both on where the environment is filtered (sudo, docker run, env -i).",
    });
  }
  if (environment["GITHUB_ACTIONS"] !== "true") {
    return new IdTokenError({
      code: "ERR_IDTOKEN_NOT_IN_GITHUB_JOB",
      kind: "user",
      message:
        "The join method github needs the ID token of a GitHub Actions job, and this process does not seem to run in one: GITHUB_ACTIONS and ACTIONS_ID_TOKEN_REQUEST_URL are not set.",
      hint: "Set join-method for the platform at hand, or give a token with id-token, id-token-file or id-token-command. Inside a job, pass the environment on (sudo -E, docker run --env).",
    });
  }
  const other = otherForges.find(({ variable }) => has(variable));
  if (other === undefined) return undefined;
  return new IdTokenError({
    code: "ERR_IDTOKEN_PLATFORM_UNSUPPORTED",
    kind: "user",
    message: `No ID token can be requested: this job runs in ${other.name} (${other.variable} is set), which did not set ACTIONS_ID_TOKEN_REQUEST_URL as GitHub's runner does.`,
    hint: other.hint,
  });
}

/** Programs that run GitHub workflows and set `GITHUB_ACTIONS=true` too; the more specific name first. */
const otherForges = [
  {
    variable: "ACT",
    name: "act",
    hint: "act issues no ID tokens. Use the join method token with a short-lived token, or give one with id-token-file or id-token-command.",
  },
  {
    variable: "FORGEJO_ACTIONS",
    name: "Forgejo Actions",
    hint: "Forgejo sets it only where the workflow says enable-openid-connect: true, and only in versions that know this key. Else give a token with id-token-file or id-token-command.",
  },
  {
    variable: "GITEA_ACTIONS",
    name: "Gitea Actions",
    hint: "This Gitea issues no ID tokens to its jobs. Use the join method token, or give a token with id-token-file or id-token-command.",
  },
] as const;

/** Events whose runs get no write permission when the pull request comes from a fork. */
const restrictedEvents = ["pull_request", "pull_request_review", "pull_request_review_comment"];

function explainByContext({ eventName, actor, pullRequest }: GitHubContext): IdTokenError | undefined {
  const event = quoteUntrusted(eventName ?? "unknown");
  const fromFork = pullRequest !== undefined && pullRequest.head !== pullRequest.base;
  if (fromFork && restrictedEvents.includes(event)) {
    const head =
      pullRequest.head === undefined
        ? "a fork that was deleted"
        : `the fork ${quoteUntrusted(pullRequest.head)}`;
    return new IdTokenError({
      code: "ERR_IDTOKEN_FORK_PULL_REQUEST",
      kind: "denied",
      message: `GitHub offers this job no ID token: the event ${event} belongs to a pull request from ${head}, and such runs never get the permission id-token: write.`,
      hint: [
        "Skip the join for forks, with this condition on its step or job:",
        "  if: github.event.pull_request.head.repo.full_name == github.repository",
        "or do what needs the identity after the merge, on push.",
      ].join("\n"),
    });
  }
  if (actor === "dependabot[bot]" && eventName !== "workflow_dispatch") {
    return new IdTokenError({
      code: "ERR_IDTOKEN_DEPENDABOT",
      kind: "denied",
      message: `GitHub offers this job no ID token: Dependabot started it (event ${event}), and its runs have read permissions unless the workflow grants more.`,
      hint: [
        "Skip the join for Dependabot, with this condition on its step or job:",
        "  if: github.actor != 'dependabot[bot]'",
        "or grant the permission in this workflow, if updated dependencies may run with this identity:",
        ...permissionLines("  "),
      ].join("\n"),
    });
  }
  return undefined;
}

function permissionMissing(environment: PlatformEnvironment): IdTokenError {
  const job = quoteUntrusted(environment["GITHUB_JOB"] ?? "");
  // owner/name/.github/workflows/file.yml@ref
  const file = /\.github\/workflows\/[^@]+/.exec(environment["GITHUB_WORKFLOW_REF"] ?? "")?.[0];
  const where = file === undefined ? "the workflow file" : quoteUntrusted(file);
  return new IdTokenError({
    code: "ERR_IDTOKEN_PERMISSION_MISSING",
    kind: "user",
    message:
      "GitHub offers this job no ID token: ACTIONS_ID_TOKEN_REQUEST_URL is not set, which means that the job lacks the permission id-token: write.",
    hint: [
      `Add to ${where}:`,
      "  jobs:",
      `    ${job === "" ? "<job>" : job}:`,
      ...permissionLines("      "),
      "A permissions block of a job replaces that of the workflow, so list there whatever else the job needs.",
      "In a reusable workflow the calling job must grant it too. Inside sudo or docker run, pass the environment on.",
    ].join("\n"),
  });
}

function permissionLines(indent: string): string[] {
  return [`${indent}permissions:`, `${indent}  id-token: write`, `${indent}  contents: read`];
}
