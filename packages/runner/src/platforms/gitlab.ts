import type { ShellPlatform } from "./shell-platform.ts";

/** GitLab CI/CD: the runner's folder for files of the job lies beside the checkout, where no cache or artifact sweeps it. */
export const gitlab: ShellPlatform = {
  name: "gitlab",
  temporaryDirectories: (environment) => [
    environment["RUNNER_TEMP_PROJECT_DIR"] || `${environment["CI_PROJECT_DIR"] ?? ""}.tmp`,
  ],
  jobKey: ["CI_JOB_ID"],
};
