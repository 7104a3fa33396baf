import { randomBytes } from "node:crypto";
import { arch, hostname } from "node:os";
import { parseInputs, type Runner, systemClock } from "@bot-join/runner";
import { createPlan } from "./create-plan.ts";
import type { OpenDataDirectory } from "./data-directory.ts";
import type { JoinReport } from "./report.ts";
import { runJoin } from "./run.ts";

/** What an entry knows of its process. */
export interface MainOptions {
  runner: Runner;
  /** Aborted when the job is cancelled. */
  signal: AbortSignal;
  /** Absolute path of the bundle `ssh-proxy.cjs`. */
  sshProxyScript: string;
  node: string;
  platform: NodeJS.Platform;
  workingDirectory: string;
  /** Only the command line has it: a job of a CI system keeps nothing. */
  openDataDirectory?: OpenDataDirectory;
}

/** Reads the inputs of a runner, makes the plan and runs it: what every entry calls. */
export async function main(options: MainOptions): Promise<JoinReport> {
  const { runner } = options;
  const inputs = parseInputs(runner.inputs());
  for (const notice of inputs.notices) runner.log.info(notice);
  if (inputs.idToken !== undefined) runner.mask(inputs.idToken);
  const plan = await createPlan(inputs, {
    environment: runner.environment,
    temporaryDirectory: runner.temporaryDirectory(),
    workingDirectory: options.workingDirectory,
    randomName: randomBytes(6).toString("hex"),
  });
  if (plan.joinMethod.proof === "secret" && plan.token !== undefined) runner.mask(plan.token);
  if (plan.insecure) {
    runner.log.warn(
      "insecure is set: the proxy's certificate is NOT verified. Whoever answers at its address gets this job's ID token. Never use it outside of tests.",
    );
  }
  return runJoin(plan, {
    ...options,
    clock: systemClock,
    random: Math.random,
    hostName: hostname(),
    architecture: arch(),
  });
}
