import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createGitlabProject } from "./gitlab-project.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

const example = "examples/gitlab";

/** What a command of a job printed: the lines up to the next command. */
function printedBy(log: readonly string[], command: string): string {
  const from = log.findLastIndex((line) => line.startsWith(`$ ${command}`)) + 1;
  if (from === 0) return "";
  const length = log.slice(from).findIndex((line) => line.startsWith("$ "));
  return log
    .slice(from, length < 0 ? undefined : from + length)
    .join("\n")
    .trim();
}

async function runExample(job: PlatformJob, file: string): Promise<PlatformRun> {
  const pipeline = readFileSync(join(root, example, file), "utf8");
  const template = readFileSync(join(job.release, "gitlab/templates/join.yml"), "utf8");
  using project = createGitlabProject(job, pipeline, { "ci/bot-join.yml": template });
  const result = await project.run({
    variables: {
      TBOT_GITLAB_JWT: await job.idToken(),
      BACKUP_JWT: await job.idToken(),
      BOT_JOIN_DOWNLOAD_URL: job.downloadUrl,
    },
  });
  return {
    exitCode: result.status ?? 1,
    output: result.stdout + result.stderr,
    sshOutput: printedBy(project.log("deploy"), 'ssh -F "$TELEPORT_SSH_CONFIG"'),
  };
}

/** GitLab's examples, run by gitlab-ci-local. */
export const gitlabCases: readonly PlatformCase[] = [
  ["the component, from another project", ".gitlab-ci.yml"],
  ["a copy of the template, with !reference", "plain.gitlab-ci.yml"],
  ["two includes in one job", "two-identities.gitlab-ci.yml"],
].map(([what, file = ""]) => ({
  name: `GitLab: ${what}`,
  platform: "gitlab",
  example,
  run: (job) => runExample(job, file),
}));
