import { existsSync } from "node:fs";
import { BotJoinError, nearestSpelling } from "@bot-join/core";
import { StateDirectory } from "@bot-join/emulator";
import type { BotResource, Resource, TokenResource } from "@bot-join/resources";

/**
 * Opens an emulator's state directory; files in it that cannot be used are told on standard error. Throws
 * `ERR_CLI_STATE` when there is none and none is to be made, and `ERR_EMULATOR_STATE`.
 */
export function openState(path: string, { make = false }: { make?: boolean } = {}): StateDirectory {
  if (!make && !existsSync(path)) {
    throw new BotJoinError({
      code: "ERR_CLI_STATE",
      kind: "user",
      message: `There is no state directory ${path} (--state-dir).`,
      hint: "Give the folder that bot-join emulate --state-dir keeps its state in.",
    });
  }
  return new StateDirectory(path, ({ path: file, message }) =>
    process.stderr.write(`${file} is left out: ${message}\n`),
  );
}

/** Lists the documents of one kind. */
export function documentsOf<Kind extends Resource["kind"]>(
  state: StateDirectory,
  kind: Kind,
): Extract<Resource, { kind: Kind }>[] {
  return state
    .documents()
    .filter((stored): stored is Extract<Resource, { kind: Kind }> => stored.kind === kind)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Finds a bot by its name. Throws `ERR_CLI_BOT`. */
export function findBot(state: StateDirectory, name: string): BotResource {
  const bots = documentsOf(state, "bot");
  const bot = bots.find((each) => each.name === name);
  if (bot !== undefined) return bot;
  const near = nearestSpelling(
    name,
    bots.map((each) => each.name),
  );
  throw botError(
    `bot ${JSON.stringify(name)} not found`,
    near === undefined
      ? "bot-join bots ls lists those that there are."
      : `Did you mean ${JSON.stringify(near)}?`,
  );
}

/** Finds a token by its name. */
export function findToken(state: StateDirectory, name: string): TokenResource | undefined {
  return documentsOf(state, "token").find((token) => token.name === name);
}

/** Makes the error for a bot, token or bot instance that is not as it has to be. */
export function botError(message: string, hint: string): BotJoinError {
  return new BotJoinError({ code: "ERR_CLI_BOT", kind: "user", message: `${message}.`, hint });
}
