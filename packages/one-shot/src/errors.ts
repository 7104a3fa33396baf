import { BotJoinError } from "@bot-join/core";

/** What stops a run apart from the cluster, the network and the file system. */
export const oneShotErrorCodes = [
  "ERR_RUN_CANCELLED",
  "ERR_RUN_FILE_INPUT",
  "ERR_RUN_JOIN_METHOD_MISSING",
  "ERR_RUN_OUTPUTS_INPUT",
  "ERR_RUN_TIMEOUT",
  "ERR_RUN_UNEXPECTED_IDENTITY",
] as const;

export type OneShotErrorCode = (typeof oneShotErrorCodes)[number];

export class OneShotError extends BotJoinError<OneShotErrorCode> {}
