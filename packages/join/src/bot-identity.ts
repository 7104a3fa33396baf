import { X509Certificate } from "node:crypto";
import { describeError } from "@bot-join/core";
import {
  computeCaPin,
  issuedBy,
  type OpenSshCertificate,
  parseAuthorizedKey,
  parseOpenSshCertificate,
  readTeleportIdentity,
  type TeleportIdentity,
} from "@bot-join/formats";
import { JoinError } from "./errors.ts";
import type { KeyPair } from "./key-pair.ts";

/** What a cluster sends when it makes a bot, each text as it was sent. */
export interface BotCertificates {
  /** authorized_keys line with its newline. */
  ssh: string;
  /** PEM, one leaf certificate. */
  tls: string;
  /** PEM certificates of the user CA and the host CA, not told apart. */
  tlsAuthorities: string[];
  /** authorized_keys lines of the user CA and the host CA. */
  sshAuthorities: string[];
}

/** Who the cluster let in: the bot's own key and certificates, good for asking for output certificates. */
export interface BotIdentity {
  keyPair: KeyPair;
  /** PEM, one leaf certificate. */
  tlsCertificate: string;
  sshCertificate: OpenSshCertificate;
  identity: TeleportIdentity;
  /** PEM certificates of the host CA: the only trust for the Auth Service (measured-14.2.0.md section 2). */
  hostCa: string[];
  notBefore: Date;
  notAfter: Date;
  /** What it was read from, for whoever keeps it. */
  certificates: BotCertificates;
}

/** Where certificates come from, as far as errors tell. */
export interface CertificateSource {
  /** Names the source, as the begin of a sentence. */
  where: string;
  /** Makes the error for certificates that are of no use. */
  useless(what: string, cause?: unknown): JoinError;
}

/**
 * Reads what a cluster sent and checks what it must hold to be of use (join.md sections 12 and 15). Throws what the
 * source makes of a defect, or `ERR_JOIN_CA_PIN_MISMATCH`.
 */
export function readBotIdentity(
  certificates: BotCertificates,
  keyPair: KeyPair,
  caPins: string[],
  source: CertificateSource,
): BotIdentity {
  const attempt = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw source.useless(describeError(error).replace(/\.$/, ""), error);
    }
  };
  const bot = attempt(() => readCertificates(certificates, keyPair));
  const problem = problemOf(bot);
  if (problem !== undefined) throw source.useless(problem);
  const hostCa = attempt(() => selectHostCa(certificates));
  if (hostCa.length === 0) throw source.useless("the host CA is missing");
  if (hostCa.length === certificates.tlsAuthorities.length)
    throw source.useless("no authority in it issued the certificate");
  return { ...bot, hostCa: checkPins(hostCa, caPins, source.where) };
}

function readCertificates(certificates: BotCertificates, keyPair: KeyPair): Omit<BotIdentity, "hostCa"> {
  const { tls, ssh } = certificates;
  const identity = readTeleportIdentity(tls);
  const certificate = new X509Certificate(tls);
  return {
    keyPair,
    tlsCertificate: tls,
    sshCertificate: parseOpenSshCertificate(ssh),
    identity,
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    certificates,
  };
}

/** Says what is wrong with certificates that can be read. */
function problemOf({
  keyPair,
  tlsCertificate,
  sshCertificate,
  identity,
}: Omit<BotIdentity, "hostCa">): string | undefined {
  const ourKey = parseAuthorizedKey(keyPair.publicKeyLine).blob;
  if (!new X509Certificate(tlsCertificate).publicKey.equals(keyPair.publicKey)) {
    return "its certificate is for another key than ours";
  }
  if (Buffer.compare(ourKey, sshCertificate.publicKey) !== 0)
    return "its SSH certificate is for another key than ours";
  if (!identity.username.startsWith("bot-"))
    return `its certificate is for ${identity.username}, which is no bot`;
  return undefined;
}

/** Nothing labels the CAs: the one that signed our certificate is the user CA, the others are the host CA. */
export function selectHostCa({ tls, tlsAuthorities }: BotCertificates): string[] {
  return tlsAuthorities.filter((pem) => !issuedBy(tls, pem));
}

function checkPins(hostCa: string[], caPins: string[], where: string): string[] {
  if (caPins.length === 0) return hostCa;
  const pins = caPins.map((pin) => pin.toLowerCase());
  const pinned = hostCa.filter((pem) => pins.includes(computeCaPin(pem)));
  if (pinned.length > 0) return pinned;
  throw new JoinError({
    code: "ERR_JOIN_CA_PIN_MISMATCH",
    kind: "denied",
    message: `${where} presented a host CA that matches none of the given pins; its own is ${hostCa.map(computeCaPin).join(", ")}.`,
    hint: "Compare with `tctl status` on the cluster that you mean. Change the pin only if you know why it changed.",
  });
}
