import { BotJoinError, describeError } from "@bot-join/core";
import { detectPlatform } from "@bot-join/id-tokens";
import { cleanUp } from "@bot-join/one-shot";
import { createShellRunner, isIdentityId, type ShellRunner } from "@bot-join/runner";
import type { Command } from "commander";
import { runCommand } from "../run-command.ts";

interface CleanupFlags {
  id?: string;
  stateDir?: string;
}

/** Adds `cleanup`: the end of a job on platforms where a join has no phase of its own there. */
export function addCleanup(program: Command): void {
  program
    .command("cleanup")
    .description("Takes back what the joins of this job left behind. Never fails a job.")
    .option("--id <id>", "only the joins with this id")
    .option("--state-dir <folder>", "the state-dir of the joins, if one was given")
    .action((flags: CleanupFlags) =>
      runCommand(async () => {
        if (flags.id !== undefined && !isIdentityId(flags.id)) {
          throw new BotJoinError({
            code: "ERR_CLI_FLAG",
            kind: "user",
            message: `--id ${flags.id}: this cannot name an identity.`,
            hint: "Give the id that the join was given, or no id to take back every join of the job.",
          });
        }
        const runner = createShellRunner({
          flags: flags.stateDir === undefined ? {} : { "state-dir": flags.stateDir },
          format: "text",
          debug: false,
          platform: detectPlatform(process.env)?.platform,
        });
        try {
          await takeBack(runner, flags.id);
          runner.finish();
        } catch (error) {
          runner.log.warn(`This job could not be cleaned up: ${describeError(error)}`);
        }
      }),
    );
}

/** The last join goes first: it may have found what an earlier one had set. */
async function takeBack(runner: ShellRunner, id: string | undefined): Promise<void> {
  if (/^(false|0)$/i.test(runner.inputs()["cleanup"]?.trim() ?? "")) {
    runner.log.info("cleanup is off: everything was left as it is.");
    return;
  }
  const joins = runner.job.joins(runner.log.warn).filter((join) => id === undefined || join.id === id);
  if (joins.length === 0) {
    runner.log.info(`There is no join${id === undefined ? "" : ` with the id ${id}`} to take back.`);
  }
  for (const join of joins) {
    await cleanUp({ ...runner, getState: (name) => join.state[name] });
    join.forget();
  }
  // A later step may join again with the program that was downloaded.
  if (id === undefined) runner.job.end();
}
