import { spawn } from "node:child_process";
import type { BundleResult } from "../../support/run-bundle.ts";

/** A job as GitLab hands it to its runner: nothing in it refers to anything. */
export interface ResolvedJob {
  id_tokens?: Record<string, { aud: string }>;
  variables?: Record<string, string>;
  before_script?: string[];
  script: string[];
  after_script?: string[];
}

/** How the runner starts one of its two shells. */
export interface RunnerShell {
  /** The shell's command line, such as `busybox sh`. */
  command: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Called with what cancels the job. */
  onStart?: (cancel: () => void) => void;
}

/** Runs lines of a job in one shell of their own, as the runner does: the first that fails ends it. */
export function runLines(lines: readonly string[], shell: RunnerShell): Promise<BundleResult> {
  const [program = "sh", ...args] = shell.command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, "-c", ["set -e", ...lines].join("\n")], {
      cwd: shell.cwd,
      env: shell.env,
      stdio: ["ignore", "pipe", "pipe"],
      // A cancelled job's processes are ended together.
      detached: true,
    });
    shell.onStart?.(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

/** The variables that GitLab itself sets, as far as anything looks at them. */
export function gitlabVariables(projectDirectory: string): Record<string, string> {
  return {
    CI: "true",
    GITLAB_CI: "true",
    CI_SERVER_URL: "https://gitlab.com",
    CI_SERVER_FQDN: "gitlab.com",
    CI_PROJECT_PATH: "acme/shop",
    CI_PROJECT_DIR: projectDirectory,
    CI_JOB_ID: "7740031",
    CI_JOB_NAME: "deploy",
    CI_COMMIT_REF_NAME: "main",
  };
}
