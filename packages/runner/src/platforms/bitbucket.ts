import type { ShellPlatform } from "./shell-platform.ts";

/** Bitbucket Pipelines: a job is a step. */
export const bitbucket: ShellPlatform = {
  name: "bitbucket",
  jobKey: ["BITBUCKET_BUILD_NUMBER", "BITBUCKET_STEP_UUID"],
};
