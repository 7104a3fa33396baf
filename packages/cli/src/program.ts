import type { Command } from "commander";
import { BotJoinCommand } from "./bot-join-command.ts";
import { addBots } from "./commands/bots/add-bots.ts";
import { addCleanup } from "./commands/cleanup.ts";
import { addConfigure } from "./commands/configure.ts";
import { addDemo } from "./commands/demo.ts";
import { addEmulate } from "./commands/emulate.ts";
import { addKube } from "./commands/kube.ts";
import { addSshProxyCommand } from "./commands/ssh-proxy-command.ts";
import { addStart } from "./commands/start.ts";
import { addTokens } from "./commands/tokens/add-tokens.ts";

/** The version of all packages and bundles. */
const version = "1.0.0";

/** Makes the command line; each command lives in the file of its name and loads what it needs when it runs. */
export function createProgram(): Command {
  const program = new BotJoinCommand("bot-join")
    .description(
      "Joins a Teleport cluster as a bot, in one shot, and writes the files that ssh and friends understand.",
    )
    .version(version)
    .showHelpAfterError("(bot-join --help shows the commands)")
    .showSuggestionAfterError();
  addStart(program);
  addConfigure(program);
  addCleanup(program);
  addKube(program);
  addSshProxyCommand(program);
  addTokens(program);
  addBots(program);
  addEmulate(program);
  addDemo(program);
  return program;
}
