import { BotJoinError } from "@bot-join/core";

/** Everything that can go wrong between certificates and the files that hold them. */
export const outputErrorCodes = [
  "ERR_OUTPUT_CONTEXT_NAME",
  "ERR_OUTPUT_DATA_DIRECTORY",
  "ERR_OUTPUT_DIRECTORY_BUSY",
  "ERR_OUTPUT_DIRECTORY_CHANGED",
  "ERR_OUTPUT_DIRECTORY_IS_FILE",
  "ERR_OUTPUT_DIRECTORY_IS_LINK",
  "ERR_OUTPUT_DIRECTORY_NAME",
  "ERR_OUTPUT_DIRECTORY_SHARED",
  "ERR_OUTPUT_DISK_FULL",
  "ERR_OUTPUT_FILE_IN_THE_WAY",
  "ERR_OUTPUT_HOST_CA_MISSING",
  "ERR_OUTPUT_IDENTITY_FILE",
  "ERR_OUTPUT_KUBERNETES_ADDRESS",
  "ERR_OUTPUT_NAME_UNSAFE",
  "ERR_OUTPUT_NOT_WRITABLE",
  "ERR_OUTPUT_PKCS12",
  "ERR_OUTPUT_PROXY_COMMAND",
  "ERR_OUTPUT_WRITE",
] as const;

/** One of {@link outputErrorCodes}. */
export type OutputErrorCode = (typeof outputErrorCodes)[number];

/** An output that could not be rendered, written or prepared. */
export class OutputError extends BotJoinError<OutputErrorCode> {}
