import { type Certs, UserCertsRequestSchema } from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { AuthSession } from "./auth-session.ts";
import {
  type BotCertificates,
  type BotIdentity,
  type CertificateSource,
  readBotIdentity,
  selectHostCa,
} from "./bot-identity.ts";
import { JoinError } from "./errors.ts";
import { rpcError } from "./rpc-refusal.ts";
import { subjectKeys } from "./subject-keys.ts";

/** Which identity is renewed, and for how long. */
export interface RenewOptions {
  /** A renewable one, which the session was opened with. */
  bot: BotIdentity;
  /** Expiry asked for; the cluster shortens it silently. */
  expires: Date;
  signal: AbortSignal;
}

/**
 * Renews the identity of a bot that joined with a secret token (join.md section 10), for the same key. The cluster counts
 * every renewal and locks the bot when an identity comes that is not its latest: whoever gets the answer must keep it.
 * Throws `ERR_JOIN_GENERATION_MISMATCH`, `ERR_JOIN_CERTIFICATES_REFUSED`,
 * `ERR_JOIN_ANSWER_INVALID` or a TransportError.
 */
export async function renewIdentity(session: AuthSession, options: RenewOptions): Promise<BotIdentity> {
  const { bot, signal } = options;
  const request = create(UserCertsRequestSchema, {
    username: bot.identity.username,
    expires: timestampFromDate(options.expires),
    ...subjectKeys(bot.keyPair, undefined),
  });
  const certs = await session.auth.generateUserCerts(request, { signal }).catch((error: unknown) => {
    throw rpcError(error, "renewing its identity", bot, signal);
  });
  // Pins were compared when the identity was read. To refuse the new one now would only lose it.
  return readBotIdentity(receivedCertificates(certs, bot), bot.keyPair, [], sourceOf(bot));
}

/** A server that leaves the host CA out gives no reason to forget the one that is known. */
function receivedCertificates(certs: Certs, bot: BotIdentity): BotCertificates {
  const received: BotCertificates = {
    ssh: text(certs.ssh),
    tls: text(certs.tls),
    tlsAuthorities: certs.tlsCaCerts.map(text),
    sshAuthorities: certs.sshCaCerts.map(text),
  };
  if (received.tls !== "" && selectHostCa(received).length > 0) return received;
  const { tlsAuthorities, sshAuthorities } = bot.certificates;
  return { ...received, tlsAuthorities, sshAuthorities };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function sourceOf({ identity }: BotIdentity): CertificateSource {
  const where = `The Auth Service of ${identity.cluster}`;
  return {
    where,
    useless: (what, cause) =>
      new JoinError({
        code: "ERR_JOIN_ANSWER_INVALID",
        kind: "cluster",
        message: `${where} answered the renewal with something that is of no use: ${what}.`,
        hint: "The stored identity is as before, but the cluster may have counted the renewal. Report it with the cluster's version.",
        cause,
      }),
  };
}
