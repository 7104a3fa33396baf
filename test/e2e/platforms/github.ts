import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type GitHubJobOptions, startGitHubJob } from "@bot-join/emulator";
import { githubIssuer } from "../../support/emulator.ts";
import { type PlayedJob, playWorkflow } from "../../support/github-runner/player.ts";
import { systemClock } from "../../support/system-clock.ts";
import { tempDir } from "../../support/temp-dir.ts";
import type { JobChanges } from "./job-changes.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

/** A push to the repository of the examples, in their environment. */
const claims = { repository: "octo-org/shop", environment: "production" };

/** What is different from the example's job. */
export interface GitHubChanges
  extends Pick<JobChanges, "environment" | "onStepStart">,
    Pick<GitHubJobOptions, "claims" | "badToken" | "tokenEndpoint"> {
  /** The workflow of examples/github; default: ssh.yml. */
  file?: string;
  /** Changes the workflow's text. */
  edit?: (workflow: string) => string;
}

/** Plays a workflow of examples/github; its temporary folder is that of the job. */
export async function playExample(job: PlatformJob, changes: GitHubChanges = {}): Promise<PlayedJob> {
  const { file = "ssh.yml", edit = (text) => text, environment = {}, onStepStart, ...github } = changes;
  const temporary = join(job.directory, "_temp");
  // The runner's own files end with the job, and are none of ours.
  using runner = tempDir();
  await using faked = await startGitHubJob({
    issuer: job.emulator.issuer(githubIssuer),
    clock: systemClock,
    directory: runner.path,
    ...github,
    claims: { ...claims, ...github.claims },
  });
  mkdirSync(temporary);
  job.prepared();
  const given = Object.entries({ HOME: job.environment["HOME"], ...environment });
  return await playWorkflow({
    workflow: edit(job.fit(readFileSync(join(root, "examples/github", file), "utf8"))),
    github: faked,
    temporary,
    actionRoot: join(job.release, "github"),
    node: process.execPath,
    inputs: { "ca-file": job.environment["BOT_JOIN_CA_FILE"] ?? "" },
    environment: Object.fromEntries(
      given.filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    ...(onStepStart === undefined ? {} : { onStepStart }),
  });
}

async function run(job: PlatformJob): Promise<PlatformRun> {
  const played = await playExample(job);
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
