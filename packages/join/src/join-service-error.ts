import { type ProxyDialer, TransportError } from "@bot-join/transport";
import { Code, ConnectError } from "@connectrpc/connect";
import { JoinError } from "./errors.ts";
import { joinRefusal } from "./refusal.ts";
import { printableTokenName, type RegisterOptions, withoutSecrets } from "./register.ts";
import { isUnreadable, saidByServer } from "./rpc-refusal.ts";
import { askServerVersion } from "./server-version.ts";

/** The HTTP status that the same refusal has on the other transport (join.md sections 2.3 and 3.2). */
const httpStatuses: ReadonlyMap<Code, number> = new Map([
  [Code.InvalidArgument, 400],
  [Code.PermissionDenied, 403],
  [Code.NotFound, 404],
  [Code.AlreadyExists, 409],
  [Code.FailedPrecondition, 412],
  [Code.ResourceExhausted, 429],
  [Code.Unimplemented, 501],
  [Code.Unavailable, 503],
]);

/** The attempt that failed. */
export interface FailedAttempt {
  dialer: ProxyDialer;
  /** Who was asked, as the begin of a sentence. */
  where: string;
  /** Whether the cluster can have acted on what it was shown. */
  proofSent: boolean;
  options: Omit<RegisterOptions, "keyPair">;
}

/** Converts whatever ended an attempt; a refusal gets the same code as over HTTP. */
export async function joinServiceError(error: unknown, attempt: FailedAttempt): Promise<unknown> {
  const { where, proofSent, options } = attempt;
  if (options.signal.aborted) return options.signal.reason;
  if (!(error instanceof ConnectError)) return error;
  const text = withoutSecrets(error.rawMessage, options);
  if (!saidByServer(error)) {
    return isUnreadable(error)
      ? new JoinError({
          code: "ERR_JOIN_ANSWER_INVALID",
          kind: "cluster",
          message: `${where} answered the join with something that is of no use: ${text}.`,
          hint: "Nothing was written. If it happens every time, report it with the cluster's version.",
          cause: error,
        })
      : new TransportError({
          code: "ERR_TRANSPORT_CONNECTION_LOST",
          kind: "network",
          message: `${where} ended the connection in the middle of the join (${text}).`,
          hint: "Run the job again; if it happens every time, look at load balancers and proxies between the runner and the cluster.",
          retryable: true,
          requestSent: proofSent,
          cause: error,
        });
  }
  if (!error.metadata.has("grpc-status")) {
    return new TransportError({
      code: "ERR_TRANSPORT_NOT_TELEPORT",
      kind: "user",
      message: `${where} does not answer in gRPC (${text}): that is not a Teleport proxy.`,
      hint: "Check the input proxy: host and port of the Teleport web interface are meant.",
      requestSent: proofSent,
      cause: error,
    });
  }
  if (error.code === Code.Unimplemented) return serverTooOld(text, attempt);
  return joinRefusal({
    status: httpStatuses.get(error.code) ?? 500,
    answer: `gRPC status ${error.code}`,
    text,
    where,
    tokenName: printableTokenName(options.method, options.token),
    retryAfterMs: undefined,
  });
}

async function serverTooOld(text: string, { dialer, where, options }: FailedAttempt): Promise<JoinError> {
  const { name, joinServiceSince } = options.method;
  // Where HTTP was tried before, its error is the one to be shown, and the version would help nobody.
  const version = joinServiceSince === undefined ? undefined : await askServerVersion(dialer, options.signal);
  return new JoinError({
    code: "ERR_JOIN_SERVER_TOO_OLD",
    kind: "cluster",
    message:
      `${where}${version === undefined ? "" : ` (Teleport ${version})`} does not let bots join by ${name} over ` +
      `teleport.join.v1: ${text.replace(/\s+/g, " ").slice(0, 300)} (gRPC status ${Code.Unimplemented}).`,
    hint:
      joinServiceSince === undefined
        ? "Update the cluster, both its proxy and its Auth Service."
        : `The join method ${name} needs Teleport ${joinServiceSince} or newer, proxy and Auth Service alike: update the cluster, or join with a method that it has.`,
    ...(version === undefined ? {} : { details: { serverVersion: version } }),
  });
}
