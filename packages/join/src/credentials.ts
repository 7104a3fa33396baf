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
import * as v from "valibot";
import { JoinError } from "./errors.ts";
import type { KeyPair } from "./key-pair.ts";

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
}

const base64 = v.pipe(v.string("is not a string"), v.base64("is not base64"));

/** `proto.Certs` as JSON (join.md section 2.2); unknown members are passed over. */
const credentialsSchema = v.object(
  {
    ssh: base64,
    tls: base64,
    tls_ca_certs: v.pipe(v.array(base64, "is not a list"), v.minLength(1, "is empty")),
  },
  "is missing",
);

function invalidAnswer(where: string, what: string, cause?: unknown): JoinError {
  return new JoinError({
    code: "ERR_JOIN_ANSWER_INVALID",
    kind: "cluster",
    message: `${where} answered the join with something that is of no use: ${what}.`,
    hint: "Nothing was written. Find out who answers at this address; a web proxy in between may change answers.",
    cause,
  });
}

/** Parses JSON; undefined for anything else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads the body of a successful join and checks what it must hold to be of use (join.md sections 12 and 15).
 * `where` names who answered, as the begin of a sentence. Throws `ERR_JOIN_ANSWER_INVALID` or
 * `ERR_JOIN_CA_PIN_MISMATCH`.
 */
export function readCredentials(
  body: string,
  where: string,
  keyPair: KeyPair,
  caPins: string[],
): BotIdentity {
  const json = parseJson(body);
  if (json === undefined) throw invalidAnswer(where, `${Buffer.byteLength(body)} bytes that are not JSON`);
  const parsed = v.safeParse(credentialsSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const path = v.getDotPath(issue);
    throw invalidAnswer(
      where,
      path === null ? "it is not a JSON object" : `its member ${path} ${issue.message}`,
    );
  }
  const [tls, ssh, ...authorities] = [
    parsed.output.tls,
    parsed.output.ssh,
    ...parsed.output.tls_ca_certs,
  ].map((value) => Buffer.from(value, "base64").toString("utf8")) as [string, string, ...string[]];
  const bot = tryRead(where, () => readCertificates(tls, ssh, keyPair));
  const problem = problemOf(bot);
  if (problem !== undefined) throw invalidAnswer(where, problem);
  const hostCa = tryRead(where, () => selectHostCa(tls, authorities));
  if (hostCa.length === 0) throw invalidAnswer(where, "the host CA is missing");
  if (hostCa.length === authorities.length)
    throw invalidAnswer(where, "no authority in it issued the certificate");
  return { ...bot, hostCa: checkPins(hostCa, caPins, where) };
}

function tryRead<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalidAnswer(where, describeError(error).replace(/\.$/, ""), error);
  }
}

function readCertificates(tls: string, ssh: string, keyPair: KeyPair): Omit<BotIdentity, "hostCa"> {
  const identity = readTeleportIdentity(tls);
  const certificate = new X509Certificate(tls);
  return {
    keyPair,
    tlsCertificate: tls,
    sshCertificate: parseOpenSshCertificate(ssh),
    identity,
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
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
function selectHostCa(tls: string, authorities: string[]): string[] {
  return authorities.filter((pem) => !issuedBy(tls, pem));
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
