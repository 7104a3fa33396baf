import { BotJoinError } from "@bot-join/core";

/** Everything that can go wrong before the job holds an ID token. */
export const idTokenErrorCodes = [
  "ERR_IDTOKEN_AUDIENCE_MISMATCH",
  "ERR_IDTOKEN_COMMAND_FAILED",
  "ERR_IDTOKEN_COMMAND_INVALID",
  "ERR_IDTOKEN_DEPENDABOT",
  "ERR_IDTOKEN_EXPIRED",
  "ERR_IDTOKEN_FILE_UNREADABLE",
  "ERR_IDTOKEN_FORK_PULL_REQUEST",
  "ERR_IDTOKEN_ISSUER_MISMATCH",
  "ERR_IDTOKEN_MALFORMED",
  "ERR_IDTOKEN_METHOD_UNSUPPORTED",
  "ERR_IDTOKEN_NOT_CONFIGURED",
  "ERR_IDTOKEN_NOT_IN_GITHUB_JOB",
  "ERR_IDTOKEN_NOT_ON_PLATFORM",
  "ERR_IDTOKEN_NOT_YET_VALID",
  "ERR_IDTOKEN_PERMISSION_MISSING",
  "ERR_IDTOKEN_PLATFORM_UNSUPPORTED",
  "ERR_IDTOKEN_REQUEST_FAILED",
  "ERR_IDTOKEN_REQUEST_REFUSED",
  "ERR_IDTOKEN_REQUEST_VARIABLES",
  "ERR_IDTOKEN_RESPONSE_INVALID",
  "ERR_IDTOKEN_SUBJECT_UNSUITABLE",
  "ERR_IDTOKEN_VARIABLE_MISSING",
] as const;

/** One of {@link idTokenErrorCodes}. */
export type IdTokenErrorCode = (typeof idTokenErrorCodes)[number];

/** Tells why there is no usable ID token, and what to change. */
export class IdTokenError extends BotJoinError<IdTokenErrorCode> {}
