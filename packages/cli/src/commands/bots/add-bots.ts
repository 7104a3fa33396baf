import type { Command } from "commander";
import { runCommand } from "../../run-command.ts";
import { addGroup } from "../add-group.ts";
import type { AddFlags, StateFlags } from "./bots.ts";
import { formatOption, type OutputForm } from "./output-form.ts";

type FormFlags = StateFlags & { format: OutputForm };

/** Adds `bots`: tctl's commands of that name, against the state directory of an emulator. */
export function addBots(program: Command): void {
  const bots = addGroup(
    program,
    "bots",
    "Manages the bots in the state directory of an emulator, as tctl does.",
  );
  withState(bots.command("add"))
    .description("Makes a bot, and a token that it joins by.")
    .argument("<name>", "name of the bot")
    .requiredOption("--roles <list>", "roles that the bot may act with, comma-separated")
    .option("--logins <list>", "logins of the bot, comma-separated: the trait logins")
    .option("--ttl <duration>", "how long the new token is good (default: 1h)")
    .option("--max-session-ttl <duration>", "longest life of the bot's certificates (default: 12h)")
    .option("--token <name>", "a token for this bot that is there already, instead of a new one")
    .addOption(formatOption())
    .action((name: string, flags: AddFlags) =>
      runCommand(async () => print((await import("./bots.ts")).addBot(name, flags))),
    );
  withState(bots.command("ls").alias("list"))
    .description("Lists the bots.")
    .addOption(formatOption())
    .action((flags: FormFlags) => runCommand(async () => print((await import("./bots.ts")).listBots(flags))));
  withState(bots.command("rm"))
    .description("Removes a bot with its user and its role.")
    .argument("<name>", "name of the bot")
    .action((name: string, flags: StateFlags) =>
      runCommand(async () => print((await import("./bots.ts")).removeBot(name, flags))),
    );
  addInstances(bots);
}

function addInstances(bots: Command): void {
  const instances = bots.command("instances").description("Shows who has joined as a bot.");
  withState(instances.command("list").alias("ls"))
    .description("Lists the bot instances of all bots, or of one.")
    .argument("[bot]", "name of the bot")
    .addOption(formatOption())
    .action((bot: string | undefined, flags: FormFlags) =>
      runCommand(async () => print((await import("./instances.ts")).listInstances(bot, flags))),
    );
  withState(instances.command("show"))
    .description("Shows all that is known of a bot instance.")
    .argument("<id>", "BOT/UUID")
    .addOption(formatOption())
    .action((id: string, flags: FormFlags) =>
      runCommand(async () => print((await import("./instances.ts")).showInstance(id, flags))),
    );
  withState(instances.command("add"))
    .description("Makes a token for another instance of a bot.")
    .argument("<bot>", "name of the bot")
    .option("--token <name>", "a token for this bot that is there already, instead of a new one")
    .addOption(formatOption())
    .action((bot: string, flags: FormFlags & { token?: string }) =>
      runCommand(async () => print((await import("./instances.ts")).addInstance(bot, flags))),
    );
}

function withState(command: Command): Command {
  return command.requiredOption("--state-dir <dir>", "state directory of the emulator");
}

function print(text: string): void {
  process.stdout.write(text);
}
