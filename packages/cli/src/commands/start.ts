import { detectPlatform } from "@bot-join/id-tokens";
import { cleanUp, main, openDataDirectory } from "@bot-join/one-shot";
import { createShellRunner, type ShellRunner } from "@bot-join/runner";
import type { Command } from "commander";
import { idleNotices, type JoinFlags, readJoinFlags } from "../join-flags.ts";
import { addJoinOptions } from "../join-options.ts";
import { ownProgram, sshProxyOf } from "../own-program.ts";
import { interruption, runCommand } from "../run-command.ts";

/** Adds `start`: one join from the command line, with the inputs as flags and with tbot's names for them. */
export function addStart(program: Command): void {
  const command = program
    .command("start")
    .description("Joins once and writes an output: an identity, or what the form names.")
    .argument("[form]", formHelp);
  addJoinOptions(command);
  command.action((form: string | undefined) => runCommand(() => start(readJoinFlags(command, form))));
}

/** What the argument of `start` and `configure` can be. */
export const formHelp: string =
  "the output, as tbot has it: identity (ssh, id), application, database, kubernetes, kubernetes/v2, workload-identity-x509 or workload-identity-jwt";

async function start(flags: JoinFlags): Promise<void> {
  const runner = createShellRunner({
    flags: inputsOf(flags),
    format: flags.format,
    debug: flags.inputs["debug"] === "true",
    platform: detectPlatform(process.env)?.platform,
  });
  if (flags.oneshot !== true) runner.log.info("bot-join joins once and ends, as tbot does with --oneshot.");
  for (const notice of idleNotices(flags)) runner.log.info(notice);
  try {
    runner.prepare();
    await main({
      runner,
      signal: interruption(),
      sshProxy: sshProxyOf(ownProgram()),
      platform: process.platform,
      workingDirectory: process.cwd(),
      openDataDirectory,
    });
    await finish(runner);
  } catch (error) {
    runner.fail(error);
  }
}

/** The output of a form is handed on as the input `outputs` has it: JSON is YAML. */
function inputsOf({ inputs, output, destination }: JoinFlags): Record<string, string> {
  if (output === undefined) return inputs;
  const { directory: _, ...others } = inputs;
  const { type, ...keys } = output;
  const whole = { type, ...(destination === undefined ? {} : { destination }), ...keys };
  return { ...others, outputs: JSON.stringify([whole]) };
}

/** Hands the identity on, or takes it back where that fails: nobody would know of its files. */
async function finish(runner: ShellRunner): Promise<void> {
  try {
    runner.finish();
  } catch (error) {
    await cleanUp(runner);
    throw error;
  }
}
