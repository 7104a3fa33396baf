import { randomBytes } from "node:crypto";
import { arch, hostname } from "node:os";
import { detectPlatform } from "@bot-join/id-tokens";
import { type DropIn, parseInputs, type Runner, systemClock } from "@bot-join/runner";
import { inputsOfConfig, readConfigInput } from "./config-input.ts";
import type { SshProxy } from "./context.ts";
import { createPlan, type PlanFacts } from "./create-plan.ts";
import type { OpenDataDirectory } from "./data-directory.ts";
import { withDebugLines } from "./debug-lines.ts";
import type { JoinReport } from "./report.ts";
import { runJoin } from "./run.ts";

/** What an entry knows of its process. */
export interface MainOptions {
  runner: Runner;
  /** The action that this step is, where it is not the root action. */
  dropIn?: DropIn | undefined;
  /** Aborted when the job is cancelled. */
  signal: AbortSignal;
  sshProxy: SshProxy;
  platform: NodeJS.Platform;
  workingDirectory: string;
  /** Only the command line has it: a job of a CI system keeps nothing. */
  openDataDirectory?: OpenDataDirectory;
}

/** Reads the inputs of a runner, makes the plan and runs it: what every entry calls. */
export async function main(options: MainOptions): Promise<JoinReport> {
  const config = await readConfigInput(options.runner.inputs(), {
    environment: options.runner.environment,
    workingDirectory: options.workingDirectory,
  });
  const below = config && inputsOfConfig(config, options.openDataDirectory !== undefined);
  const inputs = parseInputs(options.runner.inputs(below), options.dropIn);
  const runner = inputs.debug ? withDebugLines(options.runner) : options.runner;
  for (const notice of [...(config?.notices ?? []), ...inputs.notices]) runner.log.info(notice);
  if (inputs.idToken !== undefined) runner.mask(inputs.idToken);
  const facts: PlanFacts = {
    environment: runner.environment,
    temporaryDirectory: runner.temporaryDirectory(),
    workingDirectory: options.workingDirectory,
    randomName: randomBytes(6).toString("hex"),
  };
  const plan = await createPlan(inputs, facts, config?.outputs);
  if (plan.joinMethod.proof === "secret" && plan.token !== undefined) runner.mask(plan.token);
  for (const { pkcs12 } of plan.outputs) if (pkcs12 !== undefined) runner.mask(pkcs12.password);
  if (plan.insecure) {
    runner.log.warn(
      "insecure is set: the proxy's certificate is NOT verified. Whoever answers at its address gets this job's ID token. Never use it outside of tests.",
    );
  }
  if (inputs.joinMethod === undefined) {
    const detected = detectPlatform(runner.environment);
    if (detected !== undefined) runner.log.info(`This job runs on ${detected.title}: ${detected.why}.`);
  }
  return runJoin(plan, {
    ...options,
    runner,
    clock: systemClock,
    random: Math.random,
    hostName: hostname(),
    architecture: arch(),
  });
}
