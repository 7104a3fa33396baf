import { readFile } from "node:fs/promises";
import { describeError } from "@bot-join/core";
import type { BotIdentity } from "@bot-join/join";
import type { OutputFiles } from "@bot-join/outputs";
import type { Run } from "./context.ts";
import { OneShotError } from "./errors.ts";
import type { Issued } from "./issue.ts";
import { hasExecPlugin } from "./kubernetes-base.ts";
import type { PlannedOutput } from "./plan.ts";
import { hasSshConfig } from "./plan-paths.ts";
import { renderOutput } from "./render-output.ts";
import { sshProxyFile } from "./ssh-program.ts";

/** Renders every output in memory; only the bundle that `ssh` and `kubectl` start is read from disk. */
export async function renderOutputs(run: Run, bot: BotIdentity, issued: Issued): Promise<OutputFiles[]> {
  const { sshProxy } = run.context;
  const { outputs } = run.plan;
  const script =
    sshProxy.kind === "bundle" && outputs.some(startsProgram) ? await readScript(sshProxy.script) : undefined;
  const rendered: OutputFiles[] = [];
  for (const [index, planned] of outputs.entries()) {
    const output = issued.outputs[index];
    if (output === undefined) throw new TypeError("an output without certificates");
    const files = await renderOutput({ run, bot, issued }, planned, output);
    if (script !== undefined && startsProgram(planned)) files.set(sshProxyFile, script);
    rendered.push(files);
  }
  return rendered;
}

/** Whether files of an output start our program in later steps. */
function startsProgram(output: PlannedOutput): boolean {
  if (output.type === "kubernetes" || output.type === "kubernetes/v2") return hasExecPlugin(output);
  return hasSshConfig(output);
}

async function readScript(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new OneShotError({
      code: "ERR_RUN_FILE_INPUT",
      kind: "internal",
      message: `The bundle for ssh's ProxyCommand is missing beside this program: ${describeError(error)}.`,
      hint: "bot-join consists of the files in dist/: keep them together.",
      cause: error,
    });
  }
}
