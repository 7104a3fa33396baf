import type { BotIdentity } from "@bot-join/join";
import { openAuthSession, renewIdentity } from "@bot-join/join/auth";
import { TransportError } from "@bot-join/transport";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";
import { retrying } from "./retrying.ts";

/**
 * Renews the identity that is kept in a directory, at the Auth Service. Once the request was sent it is not sent again unless the server itself says
 * that it did nothing: a renewal that was counted and not received is for the cluster a sign of theft.
 */
export async function renewBot(
  run: Run,
  connections: Connections,
  kept: BotIdentity,
  directory: string,
): Promise<BotIdentity> {
  const { plan, context, signal } = run;
  const expires = new Date(context.clock.now().getTime() + plan.certificateTtlMs);
  let isSent = false;
  const renew = async (): Promise<BotIdentity> => {
    const session = await openAuthSession(connections.dialer, await connections.takeTcp(), kept);
    try {
      isSent = true;
      return await renewIdentity(session, { bot: kept, expires, signal });
    } finally {
      session.channel.close();
    }
  };
  const isSafe = (error: unknown): boolean => !(isSent && error instanceof TransportError);
  try {
    return await retrying(run, "Renewing the identity", renew, isSafe);
  } catch (error) {
    throw explain(error, kept, directory, isSent);
  }
}

/** Says what a lost connection means for an identity that is kept. */
function explain(error: unknown, { identity }: BotIdentity, directory: string, isSent: boolean): unknown {
  if (!(error instanceof TransportError)) return error;
  const { code, kind, message, hint, retryable, details } = error;
  const meaning = isSent
    ? `Whether the cluster has counted the renewal is not known: if it has, the next run with ${directory} is told of a generation mismatch, and the bot needs a new token and an empty data directory.`
    : `The identity in ${directory} is of the cluster ${identity.cluster}, and is as it was: for another cluster give another data-dir.`;
  return new TransportError({
    code,
    kind,
    message,
    hint: `${hint === undefined ? "" : `${hint} `}${meaning}`,
    retryable,
    details,
    cause: error,
  });
}
