import type { ShellPlatform } from "./shell-platform.ts";

/** CircleCI: every bash step reads the file `$BASH_ENV` first. */
export const circleci: ShellPlatform = {
  name: "circleci",
  jobKey: ["CIRCLE_WORKFLOW_ID", "CIRCLE_BUILD_NUM", "CIRCLE_NODE_INDEX"],
  exportFile: { variable: "BASH_ENV", format: "sh" },
};
