import { BotJoinError } from "@bot-join/core";

/** Everything that can go wrong while tools are put on PATH. */
export const setupErrorCodes = [
  "ERR_SETUP_INPUT",
  "ERR_SETUP_VERSION",
  "ERR_SETUP_PLATFORM",
  "ERR_SETUP_DOWNLOAD",
  "ERR_SETUP_CHECKSUM",
  "ERR_SETUP_ARCHIVE",
] as const;

/** One of {@link setupErrorCodes}. */
export type SetupErrorCode = (typeof setupErrorCodes)[number];

/** Tells why a tool is not on PATH. */
export class SetupError extends BotJoinError<SetupErrorCode> {}
