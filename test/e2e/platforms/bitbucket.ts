import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type KnownPipe, runBitbucketStep } from "../../support/bitbucket-step.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

const example = "examples/bitbucket";

/** What Bitbucket sets in every step, token and checkout left out. */
export const bitbucketDefaults: Readonly<Record<string, string>> = {
  BITBUCKET_BRANCH: "main",
  BITBUCKET_BUILD_NUMBER: "42",
  BITBUCKET_COMMIT: "6c1ddc5ec8c2f2b6e0a2c0b6e7e7f7f3b4b5a6c7",
  BITBUCKET_PIPELINE_UUID: "{5a4b3c2d-1e0f-4a9b-8c7d-6e5f4a3b2c1d}",
  BITBUCKET_REPO_SLUG: "shop",
  BITBUCKET_REPO_UUID: "{3b1f7e52-90a1-4d0c-a1a7-0d7c5c1b2e34}",
  BITBUCKET_STEP_UUID: "{7c0d9f5b-8a2e-4f1d-b3c6-5e4d3c2b1a09}",
  BITBUCKET_WORKSPACE: "acme",
};

/** The packed pipe; its image is this machine with a program of the release. */
export function packedPipe(release: string, environment: Record<string, string>): KnownPipe {
  const folder = join(release, "bitbucket");
  const { variables } = parse(readFileSync(join(folder, "pipe.yml"), "utf8")) as {
    variables: { name: string }[];
  };
  return {
    script: join(folder, "pipe/pipe.sh"),
    variables: variables.map(({ name }) => name),
    environment: { ...environment, BOT_JOIN_PROGRAM: join(release, "programs/bot-join.cjs") },
  };
}

/** Makes the checkout of a job, with the file of the script form in it. */
export function checkOut(job: Pick<PlatformJob, "directory" | "release" | "prepared">): string {
  const clone = join(job.directory, "build");
  mkdirSync(clone);
  copyFileSync(join(job.release, "bitbucket/bot-join.sh"), join(clone, "bot-join.sh"));
  job.prepared();
  return clone;
}

async function run(job: PlatformJob, file: string, shell: readonly string[]): Promise<PlatformRun> {
  const { exitCode, output, outputOf, msOf } = await runBitbucketStep({
    pipelines: job.fit(readFileSync(join(root, example, file), "utf8")),
    clone: checkOut(job),
    environment: { ...job.environment, BOT_JOIN_DOWNLOAD_URL: job.downloadUrl },
    defaults: bitbucketDefaults,
    idToken: await job.idToken(),
    shell,
    pipes: { "teleport/bot-join": packedPipe(job.release, job.environment) },
  });
  const wrapperMs = msOf("pipe ") ?? msOf(". ./bot-join.sh");
  return {
    exitCode,
    output,
    sshOutput: outputOf("ssh "),
    ...(wrapperMs === undefined ? {} : { wrapperMs }),
  };
}

const shells: [string, string[]][] = [
  ["dash", ["/usr/bin/dash"]],
  ["busybox sh", ["/usr/bin/busybox", "sh"]],
  ["bash", ["/bin/bash"]],
];

const forms: [string, string][] = [
  ["the script form", "bitbucket-pipelines.yml"],
  ["the pipe", "pipe/bitbucket-pipelines.yml"],
];

export const bitbucketCases: PlatformCase[] = forms.flatMap(([form, file]) =>
  shells.map(([name, shell]) => ({
    name: `bitbucket: ${form} in ${name}`,
    platform: "bitbucket",
    example,
    run: (job) => run(job, file, shell),
  })),
);
