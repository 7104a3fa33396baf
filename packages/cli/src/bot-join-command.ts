import { nearestSpelling } from "@bot-join/core";
import { Command, type ErrorOptions } from "commander";

/** A command that names an unknown flag without the value after its `=`, which may be a secret under a misspelt name. */
export class BotJoinCommand extends Command {
  override createCommand(name?: string): BotJoinCommand {
    return new BotJoinCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    const flag = /^error: unknown option '(--[^=']+)=/.exec(message)?.[1];
    if (flag === undefined) return super.error(message, options);
    const nearest = nearestSpelling(
      flag,
      this.options.flatMap(({ long }) => long ?? []),
    );
    const guess = nearest === undefined ? "" : `\n(Did you mean ${nearest}?)`;
    return super.error(`error: unknown option '${flag}'${guess}`, options);
  }
}
