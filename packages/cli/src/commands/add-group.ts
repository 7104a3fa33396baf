import type { Command } from "commander";
import { BotJoinCommand } from "../bot-join-command.ts";

/** The exit status of a command line that cannot be used, for commands whose status 1 means a verdict. */
const unusableCall = 2;

/** Adds a group of commands in which a wrong command line ends with status 2, since 1 is an answer there. */
export function addGroup(program: Command, name: string, description: string): Command {
  const group = new BotJoinCommand(name)
    .description(description)
    .copyInheritedSettings(program)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : unusableCall));
  program.addCommand(group);
  return group;
}
