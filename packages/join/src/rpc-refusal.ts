import { TransportError } from "@bot-join/transport";
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

/** How connect words an answer that came whole, but that it cannot take. */
const unreadable = /^parse binary|larger than configured readMaxBytes/;

/**
 * Converts a failed call; `what` says what was being done. A connection that ends in the middle of the first
 * call is how TLS 1.3 shows a refused client certificate (user-certs.md section 1.5).
 */
export function rpcError(error: unknown, what: string, bot: BotIdentity, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof ConnectError)) return error;
  const { cluster, botName } = bot.identity;
  const text = error.rawMessage.replace(/\s+/g, " ");
  // What the server says comes with headers or trailers. The codes alone do not tell: connect gives a lost
  // connection those of server errors, by how far the call had come.
  const saidByServer = [...error.metadata].length > 0;
  if (!saidByServer && unreadable.test(text)) {
    return new JoinError({
      code: "ERR_JOIN_ANSWER_INVALID",
      kind: "cluster",
      message: `The Auth Service of ${cluster} sent something that is of no use while ${what}: ${text}.`,
      hint: "Nothing was written. If it happens every time, report it with the cluster's version.",
      cause: error,
    });
  }
  if (!saidByServer) {
    return new TransportError({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      kind: "network",
      message: `The Auth Service of ${cluster} ended the connection while ${what} (${text}).`,
      hint: "It does so when it refuses the bot's certificate (clocks apart, CA rotation, a lock) or restarts. Run the job again.",
      retryable: true,
      cause: error,
    });
  }
  const match = known.find(({ pattern }) => pattern.test(text));
  return new JoinError({
    code: match?.code ?? "ERR_JOIN_CERTIFICATES_REFUSED",
    kind: [Code.PermissionDenied, Code.NotFound].includes(error.code) ? "denied" : "cluster",
    message: `The cluster ${cluster} refused the bot ${botName} while ${what}: ${text} (gRPC status ${error.code}).`,
    hint:
      match?.hint(bot) ??
      "The reason is in the Auth Service's log. A lock on the bot or on a role, per-session MFA and hardware keys are usual causes.",
    retryable: [Code.Unavailable, Code.ResourceExhausted].includes(error.code),
    details: { status: error.code },
    cause: error,
  });
}
