import type { ShellPlatform } from "./shell-platform.ts";

/** A `run` step of GitHub Actions; the action has a runner of its own. */
export const github: ShellPlatform = {
  name: "github",
  temporaryDirectories: (environment) => [environment["RUNNER_TEMP"]],
  jobKey: ["GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB"],
};
