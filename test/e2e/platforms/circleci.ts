import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { resolveJobs } from "../../support/circleci-config.ts";
import {
  CircleciMachine,
  type CircleciMachineOptions,
  type CircleciStepRun,
} from "../../support/circleci-machine.ts";
import type { Mapping } from "../../support/circleci-parameters.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

const example = "examples/circleci";

/** The packed orb of a release. */
export function packedOrb(release: string): Mapping {
  return parse(readFileSync(join(release, "circleci/orb.yml"), "utf8")) as Mapping;
}

/** What CircleCI sets in every job. */
export function circleciEnvironment(idToken: string): Record<string, string> {
  return {
    CI: "true",
    CIRCLECI: "true",
    CIRCLE_BUILD_NUM: "42",
    CIRCLE_BRANCH: "main",
    CIRCLE_JOB: "deploy",
    CIRCLE_NODE_INDEX: "0",
    CIRCLE_ORGANIZATION_ID: "0b6f3b8a-2f8e-4b35-9d10-5f7c2d9a1e44",
    CIRCLE_WORKFLOW_ID: "1a0e5f0c-8e0b-4e0f-9a2b-0d3f3c1b2a49",
    CIRCLE_OIDC_TOKEN: idToken,
    CIRCLE_OIDC_TOKEN_V2: idToken,
  };
}

/** Runs the only job of the example's workflow with the packed orb. */
async function run(job: PlatformJob, options: Partial<CircleciMachineOptions>): Promise<PlatformRun> {
  const config = parse(job.fit(readFileSync(join(root, example, ".circleci/config.yml"), "utf8"))) as Mapping;
  const [[, resolved] = []] = resolveJobs(config, { "bot-join": packedOrb(job.release) });
  if (resolved === undefined) throw new Error(`${example} has no job`);
  using machine = new CircleciMachine({
    directory: job.directory,
    environment: {
      ...job.environment,
      ...circleciEnvironment(await job.idToken()),
      BOT_JOIN_DOWNLOAD_URL: job.downloadUrl,
    },
    ...options,
  });
  const { exitCode, output, steps } = await machine.run(resolved);
  const step = (name: string): CircleciStepRun | undefined => steps.find((each) => each.name === name);
  const wrapperMs = step("Join Teleport")?.ms;
  return {
    exitCode,
    output,
    sshOutput: step("Deploy")?.output ?? "",
    ...(wrapperMs === undefined ? {} : { wrapperMs }),
  };
}

const machines: [string, Partial<CircleciMachineOptions>][] = [
  ["whose sh is dash", { sh: ["/usr/bin/dash"] }],
  ["whose sh is that of busybox", { sh: ["/usr/bin/busybox", "sh"] }],
  ["whose sh is bash", { sh: ["/bin/bash", "--posix"] }],
  ["that makes numbers of booleans", { booleans: "numbers" }],
];

export const circleciCases: PlatformCase[] = machines.map(([which, options]) => ({
  name: `circleci: the orb on a machine ${which}`,
  platform: "circleci",
  example,
  run: (job) => run(job, options),
}));
