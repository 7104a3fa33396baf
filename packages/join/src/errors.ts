import { BotJoinError } from "@bot-join/core";

/** Everything that a cluster can answer instead of certificates, and what we refuse of its answers. */
export const joinErrorCodes = [
  "ERR_JOIN_ANSWER_INVALID",
  "ERR_JOIN_BOT_MISSING",
  "ERR_JOIN_CA_PIN_MISMATCH",
  "ERR_JOIN_CERTIFICATES_REFUSED",
  "ERR_JOIN_CLAIMS_NOT_ALLOWED",
  "ERR_JOIN_CLUSTER_FAILED",
  "ERR_JOIN_GENERATION_MISMATCH",
  "ERR_JOIN_ID_TOKEN_REFUSED",
  "ERR_JOIN_KEY_TYPE_REFUSED",
  "ERR_JOIN_METHOD_UNKNOWN",
  "ERR_JOIN_METHOD_WRONG",
  "ERR_JOIN_RATE_LIMITED",
  "ERR_JOIN_REFUSED",
  "ERR_JOIN_RESOURCE_AMBIGUOUS",
  "ERR_JOIN_RESOURCE_NOT_FOUND",
  "ERR_JOIN_ROLES",
  "ERR_JOIN_SERVER_TOO_OLD",
  "ERR_JOIN_STORED_IDENTITY",
  "ERR_JOIN_TOKEN_NOT_FOUND",
  "ERR_JOIN_UNSUPPORTED",
] as const;

/** One of {@link joinErrorCodes}. */
export type JoinErrorCode = (typeof joinErrorCodes)[number];

/** A refusal of the cluster, or an answer of it that is of no use. */
export class JoinError extends BotJoinError<JoinErrorCode> {}
