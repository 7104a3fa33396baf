import { describe, expect, it } from "vitest";
import { explainMissingRequest } from "./github-explain.ts";

const job = { GITHUB_ACTIONS: "true" };
const push = { eventName: "push", actor: "mona" };
const fork = { base: "octo/app", head: "mallory/app" };

describe("explainMissingRequest", () => {
  it.each([
    ["outside of any job", {}, push, "ERR_IDTOKEN_NOT_IN_GITHUB_JOB", /GITHUB_ACTIONS/],
    [
      "half an environment",
      { ...job, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "t" },
      push,
      "ERR_IDTOKEN_REQUEST_VARIABLES",
      /_URL is missing/,
    ],
    [
      "the other half",
      { ...job, ACTIONS_ID_TOKEN_REQUEST_URL: "https://h/" },
      push,
      "ERR_IDTOKEN_REQUEST_VARIABLES",
      /_TOKEN is missing/,
    ],
    ["act", { ...job, ACT: "true" }, push, "ERR_IDTOKEN_PLATFORM_UNSUPPORTED", /runs in act/],
    ["Gitea", { ...job, GITEA_ACTIONS: "true" }, push, "ERR_IDTOKEN_PLATFORM_UNSUPPORTED", /Gitea/],
    [
      "Forgejo",
      { ...job, GITEA_ACTIONS: "true", FORGEJO_ACTIONS: "true" },
      push,
      "ERR_IDTOKEN_PLATFORM_UNSUPPORTED",
      /Forgejo/,
    ],
    [
      "a fork",
      job,
      { ...push, eventName: "pull_request", pullRequest: fork },
      "ERR_IDTOKEN_FORK_PULL_REQUEST",
      /mallory\/app/,
    ],
    [
      "a deleted fork",
      job,
      { ...push, eventName: "pull_request_review", pullRequest: { ...fork, head: undefined } },
      "ERR_IDTOKEN_FORK_PULL_REQUEST",
      /deleted/,
    ],
    [
      "a review of the own branch",
      job,
      { ...push, eventName: "pull_request", pullRequest: { base: "o/a", head: "o/a" } },
      "ERR_IDTOKEN_PERMISSION_MISSING",
      /id-token: write/,
    ],
    [
      "a fork, with the rights of the base",
      job,
      { ...push, eventName: "pull_request_target", pullRequest: fork },
      "ERR_IDTOKEN_PERMISSION_MISSING",
      /id-token: write/,
    ],
    [
      "Dependabot",
      job,
      { eventName: "push", actor: "dependabot[bot]" },
      "ERR_IDTOKEN_DEPENDABOT",
      /Dependabot started it/,
    ],
    ["a run with nothing special", job, push, "ERR_IDTOKEN_PERMISSION_MISSING", /id-token: write/],
    [
      "an unknown event",
      job,
      { eventName: undefined, actor: undefined },
      "ERR_IDTOKEN_PERMISSION_MISSING",
      /id-token: write/,
    ],
  ])("tells %s", (_name, environment, context, code, text) => {
    const error = explainMissingRequest(environment, context);
    expect(error).toMatchObject({ code, retryable: false });
    expect(error.message).toMatch(text);
    expect(error.hint).not.toBe("");
  });

  it("shows the lines to add, in the right file and job", () => {
    const environment = {
      ...job,
      GITHUB_JOB: "deploy",
      GITHUB_WORKFLOW_REF: "octo/app/.github/workflows/ci.yml@refs/heads/main",
    };
    expect(explainMissingRequest(environment, push).hint?.split("\n").slice(0, 6)).toEqual([
      "Add to .github/workflows/ci.yml:",
      "  jobs:",
      "    deploy:",
      "      permissions:",
      "        id-token: write",
      "        contents: read",
    ]);
    expect(explainMissingRequest(job, push).hint).toMatch(
      /^Add to the workflow file:\n {2}jobs:\n {4}<job>:\n/,
    );
  });

  it("quotes names from a pull request so that they cannot be commands", () => {
    const pullRequest = { base: "octo/app", head: "x\n::set-output name=a::b ##[add-path]/tmp" };
    const { message } = explainMissingRequest(job, { eventName: "pull_request", actor: "x", pullRequest });
    expect(message).not.toMatch(/\n|##\[/);
  });
});
