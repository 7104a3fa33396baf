import { cleanUp, main } from "@bot-join/one-shot";
import { createGitHubRunner } from "@bot-join/runner";
import { type OwnProgram, sshProxyOf } from "../own-program.ts";
import type { DemoStep } from "./steps.ts";

/** Does in this process what a step of the GitHub action does; an executable has no bundles that could be started. */
export async function playStep(step: DemoStep, own: OwnProgram, cancelled: AbortSignal): Promise<void> {
  const runner = createGitHubRunner();
  if (step === "cleanup") {
    await cleanUp(runner);
    return;
  }
  await main({
    runner,
    signal: cancelled,
    sshProxy: sshProxyOf(own),
    platform: process.platform,
    workingDirectory: process.cwd(),
  }).catch((error: unknown) => runner.fail(error));
}
