import { X509Certificate } from "node:crypto";
import { describeError, parsePem, type Secret } from "@bot-join/core";
import {
  parseAuthorizedKey,
  parseOpenSshCertificate,
  readTeleportIdentity,
  type TeleportIdentity,
} from "@bot-join/formats";
import type { CertAuthorityV2, Certs } from "@bot-join/proto";
import { JoinError } from "./errors.ts";
import type { KeyPair } from "./key-pair.ts";

/** One certificate authority of one cluster: every key that is trusted now, the active ones first. */
export interface Authority {
  clusterName: string;
  /** Plain blobs. */
  sshPublicKeys: Uint8Array[];
  /** PEM, one certificate each. */
  tlsCertificates: string[];
}

/** The certificates of one output with its key. */
export interface OutputCertificates {
  privateKeyPem: Secret;
  publicKeyLine: string;
  /** authorized_keys line as the server returned it, with its newline. */
  sshCertificate: string;
  /** PEM. */
  tlsCertificate: string;
  identity: TeleportIdentity;
  notAfter: Date;
}

/** Makes the error for an answer of `cluster` that is whole and still of no use. */
export function useless(cluster: string, what: string, cause?: unknown): JoinError {
  return new JoinError({
    code: "ERR_JOIN_ANSWER_INVALID",
    kind: "cluster",
    message: `The Auth Service of ${cluster} sent something that is of no use: ${what}.`,
    hint: "Nothing was written. Run the job again; if it happens every time, report it with the cluster's version.",
    cause,
  });
}

/** Reads a part of an answer of `cluster`, and makes a failure {@link useless}. */
export function tryRead<T>(cluster: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw useless(cluster, describeError(error).replace(/\.$/, ""), error);
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

/**
 * Reads one authority of `GetCertAuthorities` (user-certs.md section 2.7); `cluster` is whose Auth Service
 * answered. Throws `ERR_JOIN_ANSWER_INVALID`.
 */
export function readAuthority({ spec, metadata }: CertAuthorityV2, cluster: string): Authority {
  const sets = [spec?.activeKeys, spec?.additionalTrustedKeys];
  const tlsCertificates = sets.flatMap((set) => set?.tls ?? []).map(({ cert }) => text(cert));
  if (!tlsCertificates.every((pem) => parsePem(pem).some(({ label }) => label === "CERTIFICATE"))) {
    throw useless(cluster, `a certificate of its ${spec?.type} CA is no PEM`);
  }
  return {
    clusterName: spec?.clusterName || (metadata?.name ?? ""),
    sshPublicKeys: tryRead(cluster, () =>
      sets.flatMap((set) => set?.ssh ?? []).map(({ publicKey }) => parseAuthorizedKey(text(publicKey)).blob),
    ),
    tlsCertificates,
  };
}

/**
 * Reads the answer of `GenerateUserCerts` (user-certs.md section 2.6) and checks that both certificates are for
 * the key that was sent. Throws `ERR_JOIN_ANSWER_INVALID`.
 */
export function readCertificates(certs: Certs, keyPair: KeyPair, cluster: string): OutputCertificates {
  const [ssh, tls] = [text(certs.ssh), text(certs.tls)];
  if (ssh === "" || tls === "") {
    throw useless(cluster, `only an ${ssh === "" ? "X.509" : "SSH"} certificate for the output`);
  }
  const [certificate, sshKey, identity] = tryRead(
    cluster,
    () =>
      [new X509Certificate(tls), parseOpenSshCertificate(ssh).publicKey, readTeleportIdentity(tls)] as const,
  );
  const ourKey = parseAuthorizedKey(keyPair.publicKeyLine).blob;
  if (!certificate.publicKey.equals(keyPair.publicKey) || Buffer.compare(sshKey, ourKey) !== 0) {
    throw useless(cluster, "a certificate for another key than the one sent");
  }
  return {
    privateKeyPem: keyPair.privateKeyPem,
    publicKeyLine: keyPair.publicKeyLine,
    sshCertificate: ssh,
    tlsCertificate: tls,
    identity,
    notAfter: new Date(certificate.validTo),
  };
}
