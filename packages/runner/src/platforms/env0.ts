import type { ShellPlatform } from "./shell-platform.ts";

/** env zero: later commands get what stands in the file `$ENV0_ENV`. */
export const env0: ShellPlatform = {
  name: "env0",
  jobKey: ["ENV0_DEPLOYMENT_LOG_ID"],
  exportFile: { variable: "ENV0_ENV", format: "dotenv" },
};
