import { BotJoinError, type BotJoinErrorOptions } from "@bot-join/core";

/** Everything that can go wrong between the job and the cluster's proxy. */
export const transportErrorCodes = [
  "ERR_TRANSPORT_ADDRESS",
  "ERR_TRANSPORT_ANSWER_INVALID",
  "ERR_TRANSPORT_CERTIFICATE_REFUSED",
  "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED",
  "ERR_TRANSPORT_CLUSTER_NAME",
  "ERR_TRANSPORT_CONNECTION_LOST",
  "ERR_TRANSPORT_CREDENTIALS",
  "ERR_TRANSPORT_HTTP_PROXY",
  "ERR_TRANSPORT_NOT_TELEPORT",
  "ERR_TRANSPORT_SSH_REFUSED",
  "ERR_TRANSPORT_TIMEOUT",
  "ERR_TRANSPORT_UNREACHABLE",
] as const;

/** One of {@link transportErrorCodes}. */
export type TransportErrorCode = (typeof transportErrorCodes)[number];

/** A failure between the job and the cluster's proxy. */
export class TransportError extends BotJoinError<TransportErrorCode> {
  /** Whether the server can have acted on the request: a one-use secret must then not be sent again. */
  readonly requestSent: boolean;

  constructor(options: BotJoinErrorOptions<TransportErrorCode> & { requestSent?: boolean }) {
    super(options);
    this.requestSent = options.requestSent ?? false;
  }
}
