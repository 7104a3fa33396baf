import { writeFile } from "node:fs/promises";
import { BotJoinError, describeError } from "@bot-join/core";
import { renderConfig } from "@bot-join/one-shot";
import type { Command } from "commander";
import { readJoinFlags } from "../join-flags.ts";
import { addJoinOptions } from "../join-options.ts";
import { runCommand } from "../run-command.ts";
import { tbotConfig } from "../tbot-config.ts";
import { formHelp } from "./start.ts";

/** Adds `configure`: the tbot.yaml that says what the flags of `start` say. */
export function addConfigure(program: Command): void {
  const command = program
    .command("configure")
    .description("Writes a tbot.yaml with what the flags say, for bot-join and for tbot.")
    .argument("[form]", formHelp);
  addJoinOptions(command);
  command
    .option("-o, --output <file>", "file to write; default: standard output")
    .action((form: string | undefined) =>
      runCommand(async () => {
        const text = await renderConfig(tbotConfig(readJoinFlags(command, form)), process.cwd());
        const { output } = command.opts<{ output?: string }>();
        if (output === undefined) process.stdout.write(text);
        else await write(output, text);
      }),
    );
}

/** The file may hold a secret token. */
async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 }).catch((error: unknown) => {
    throw new BotJoinError({
      code: "ERR_CLI_FILE",
      kind: "user",
      message: `${path} cannot be written: ${describeError(error)}.`,
      hint: "Give the path of a file in a folder that is there, or leave --output out.",
      cause: error,
    });
  });
}
