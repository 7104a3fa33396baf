import type { ErrorKind } from "@bot-join/core";
import { TransportError, type WebAnswer } from "@bot-join/transport";
import { Code, ConnectError } from "@connectrpc/connect";
import type { BotIdentity } from "./bot-identity.ts";
import { JoinError, type JoinErrorCode } from "./errors.ts";

/** Recognised by a part of the server's text (measured-14.2.0.md section 5); the first match counts. */
const known: readonly { pattern: RegExp; code: JoinErrorCode; hint(bot: BotIdentity): string }[] = [
  {
    pattern: /\brole .*is not found|role impersonation|at least one role request/,
    code: "ERR_JOIN_ROLES",
    hint: ({ identity }) => `Compare the input roles with the bot's: \`tctl get role/${identity.username}\`.`,
  },
  {
    pattern: /only RSA keys|RSA keys only|unsupported (public )?key/i,
    code: "ERR_JOIN_KEY_TYPE_REFUSED",
    hint: () => "The cluster accepts RSA keys only: set the input fips to true.",
  },
  {
    pattern: /cert generation mismatch|current identity generation must be provided/,
    code: "ERR_JOIN_GENERATION_MISMATCH",
    hint: ({ identity }) =>
      "This identity is not the bot's latest: its data directory was copied and the copy was used, or an older copy was put back. " +
      "A thief's copy looks the same, so Teleport has locked the bot. Find out who used the other copy. Then remove the lock " +
      `(\`tctl get locks\`, \`tctl rm lock/NAME\`), make a new token (\`tctl bots instances add ${identity.botName}\`; before Teleport 16 ` +
      "remove the bot and add it again) and join with it and an empty data directory, one for each machine.",
  },
  {
    pattern: /^access denied$|lock targeting .* is in force/,
    code: "ERR_JOIN_CERTIFICATES_REFUSED",
    hint: ({ identity }) =>
      `The bot or what it asks for is locked, or its user ${identity.username} is gone: \`tctl get locks\`, \`tctl bots ls\`. ` +
      "Teleport itself locks a bot whose data directory was copied, once both copies were used: find out who did before you remove the lock.",
  },
  {
    pattern: /access denied to perform action "create" on "host_cert"/,
    code: "ERR_JOIN_CERTIFICATES_REFUSED",
    hint: () =>
      "An ssh_host output needs a role with the rule `resources: [host_cert]`, `verbs: [create]`: give the bot one, and name it in the output's roles if it names roles.",
  },
  {
    pattern: /remote cluster .* is not found/,
    code: "ERR_JOIN_CERTIFICATES_REFUSED",
    hint: () =>
      "Compare the cluster of the output with `tctl get remote_cluster`, or leave it out for the bot's own.",
  },
  {
    pattern: /credentials have expired/,
    code: "ERR_JOIN_CERTIFICATES_REFUSED",
    hint: () =>
      "The expiry that was asked for had passed on the cluster's clock: correct the clock of this machine.",
  },
];

/** Whether an answer came whole, but is none that can be taken; connect words it so. */
export function isUnreadable({ rawMessage }: ConnectError): boolean {
  return /^parse binary|larger than configured readMaxBytes/.test(rawMessage);
}

/**
 * Whether the server itself said it: what it says comes with headers or trailers. The codes alone do not tell: connect gives
 * a lost connection those of server errors, by how far the call had come.
 */
export function saidByServer({ metadata }: ConnectError): boolean {
  return [...metadata].length > 0;
}

/**
 * Converts a failed call; `what` says what was being done. A connection that ends in the middle of the first
 * call is how TLS 1.3 shows a refused client certificate (user-certs.md section 1.5).
 */
export function rpcError(error: unknown, what: string, bot: BotIdentity, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof ConnectError)) return error;
  const { cluster } = bot.identity;
  const text = error.rawMessage.replace(/\s+/g, " ");
  if (!saidByServer(error) && isUnreadable(error)) {
    return new JoinError({
      code: "ERR_JOIN_ANSWER_INVALID",
      kind: "cluster",
      message: `The Auth Service of ${cluster} sent something that is of no use while ${what}: ${text}.`,
      hint: "Nothing was written. If it happens every time, report it with the cluster's version.",
      cause: error,
    });
  }
  if (!saidByServer(error)) {
    return new TransportError({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      kind: "network",
      message: `The Auth Service of ${cluster} ended the connection while ${what} (${text}).`,
      hint: "It does so when it refuses the bot's certificate (clocks apart, CA rotation, a lock) or restarts. Run the job again.",
      retryable: true,
      cause: error,
    });
  }
  return refusedCall(bot, what, {
    text,
    status: `gRPC status ${error.code}`,
    kind: [Code.PermissionDenied, Code.NotFound].includes(error.code) ? "denied" : "cluster",
    retryable: [Code.Unavailable, Code.ResourceExhausted].includes(error.code),
    details: { status: error.code },
    cause: error,
  });
}

/** What a server said instead of doing something. */
interface Refusal {
  text: string;
  /** For the message. */
  status: string;
  kind: ErrorKind;
  retryable: boolean;
  details: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

function refusedCall(bot: BotIdentity, what: string, refusal: Refusal): JoinError {
  const { text, status, kind, retryable, details, cause } = refusal;
  const { cluster, botName } = bot.identity;
  const match = known.find(({ pattern }) => pattern.test(text));
  return new JoinError({
    code: match?.code ?? "ERR_JOIN_CERTIFICATES_REFUSED",
    kind,
    message: `The cluster ${cluster} refused the bot ${botName} while ${what}: ${text} (${status}).`,
    hint:
      match?.hint(bot) ??
      "The reason is in the Auth Service's log. A lock on the bot or on a role, per-session MFA and hardware keys are usual causes.",
    retryable,
    details,
    cause,
  });
}

/** Tells that a server has no such call. */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof JoinError && error.details["status"] === Code.Unimplemented;
}

/** Makes the error for a refusal of the HTTP API that releases before gRPC had (user-certs.md section 1.5). */
export function httpRefusal({ status, body }: WebAnswer, what: string, bot: BotIdentity): JoinError {
  const text = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(body)?.[1];
  return refusedCall(bot, what, {
    text: text === undefined ? "no reason given" : String(JSON.parse(text)).replace(/\s+/g, " "),
    status: `HTTP status ${status}`,
    kind: status === 403 || status === 404 ? "denied" : "cluster",
    retryable: status === 429 || status >= 502,
    details: {},
  });
}
