import { BotJoinError } from "@bot-join/core";

/** What stops a run apart from the cluster, the network and the file system. */
export const oneShotErrorCodes = [
  "ERR_RUN_CANCELLED",
  "ERR_RUN_CONFIG",
  "ERR_RUN_DATA_DIRECTORY",
  "ERR_RUN_FILE_INPUT",
  "ERR_RUN_JOIN_METHOD_MISSING",
  "ERR_RUN_OUTPUTS_INPUT",
  "ERR_RUN_TIMEOUT",
  "ERR_RUN_TOKEN_MISSING",
  "ERR_RUN_UNEXPECTED_IDENTITY",
] as const;

export type OneShotErrorCode = (typeof oneShotErrorCodes)[number];

export class OneShotError extends BotJoinError<OneShotErrorCode> {}

/** Makes the error of a bot that has to join, and has nothing to join with. */
export function tokenMissing(why: string): OneShotError {
  return new OneShotError({
    code: "ERR_RUN_TOKEN_MISSING",
    kind: "user",
    message: `No join token was given, and ${why}.`,
    hint: "Give a token: for the join method token, `tctl bots instances add BOT` makes one (before Teleport 16 remove the bot and add it again). A kept identity can be renewed until it expires.",
  });
}
