import { BotJoinError } from "@bot-join/core";

/** Every code that this package reports. */
export const resourceErrorCodes = [
  "ERR_RESOURCE_SIZE",
  "ERR_RESOURCE_SYNTAX",
  "ERR_RESOURCE_INVALID",
  "ERR_RESOURCE_CLAIM_TYPE",
  "ERR_RESOURCE_METHOD",
  "ERR_RESOURCE_SERVER_VERSION",
  "ERR_RESOURCE_SUGGEST",
  "ERR_RESOURCE_CONVERT",
] as const;

/** One of {@link resourceErrorCodes}. */
export type ResourceErrorCode = (typeof resourceErrorCodes)[number];

/** A resource document that cannot be used, or claims that cannot be matched against one. */
export class ResourceError extends BotJoinError<ResourceErrorCode> {}
