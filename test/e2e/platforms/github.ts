import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startGitHubJob } from "@bot-join/emulator";
import { githubIssuer } from "../../support/emulator.ts";
import { playWorkflow } from "../../support/github-runner/player.ts";
import { systemClock } from "../../support/system-clock.ts";
import { tempDir } from "../../support/temp-dir.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

/** A push to the repository of the examples, in their environment. */
const claims = { repository: "octo-org/shop", environment: "production" };

async function run(job: PlatformJob): Promise<PlatformRun> {
  const { directory, release, environment } = job;
  // The runner's own files end with the job, and are none of ours.
  using runner = tempDir();
  await using github = await startGitHubJob({
    issuer: job.emulator.issuer(githubIssuer),
    clock: systemClock,
    directory: runner.path,
    claims,
  });
  const temporary = join(directory, "_temp");
  mkdirSync(temporary);
  job.prepared();
  const played = await playWorkflow({
    workflow: job.fit(readFileSync(join(root, "examples/github/ssh.yml"), "utf8")),
    github,
    temporary,
    actionRoot: join(release, "github"),
    node: process.execPath,
    inputs: { "ca-file": environment["BOT_JOIN_CA_FILE"] ?? "" },
    environment: { HOME: environment["HOME"] ?? "" },
  });
  const ssh = played.steps.find(({ what }) => what === "Deploy");
  return {
    exitCode: played.failed ? 1 : 0,
    output: played.log.text,
    sshOutput: ssh?.result.stdout ?? "",
  };
}

export const githubCases: PlatformCase[] = [
  { name: "GitHub Actions: the root action", platform: "github", example: "examples/github", run },
];
