import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { encodePublicKey } from "@bot-join/formats";
import type { AuthorityType } from "../profiles/version-profile.ts";
import { buildCertificate, type CertificateIssuer, randomSerial, subjectKeyId } from "../x509/build.ts";
import { nameOids } from "../x509/name.ts";

const lifetimeMs = 87_600 * 3_600_000;

/** One of a cluster's certificate authorities, as far as it signs X.509. */
export interface Authority extends CertificateIssuer {
  readonly type: AuthorityType;
  readonly tlsCertificatePem: string;
}

/** An authority that signs OpenSSH certificates as well. */
export interface SshAuthority extends Authority {
  readonly sshPrivateKey: KeyObject;
  /** Plain blob. */
  readonly sshPublicKey: Uint8Array;
}

/** An authority that signs JWTs as well. */
export interface JwtAuthority extends Authority {
  readonly jwtPrivateKey: KeyObject;
}

/** What an authority is made of. */
export interface AuthorityOptions {
  type: AuthorityType;
  clusterName: string;
  tlsKey: KeyObject;
  now: Date;
  /** PEM of the certificate that was made for this key before. */
  tlsCertificatePem?: string | undefined;
}

/** Makes an authority with a self-signed certificate as in user-certs.md section 3.4. */
export function createAuthority(options: AuthorityOptions): Authority {
  const { clusterName, now } = options;
  const publicKey = createPublicKey(options.tlsKey);
  const made = options.tlsCertificatePem;
  const serial = made === undefined ? randomSerial() : BigInt(`0x${new X509Certificate(made).serialNumber}`);
  // The serial number in the name keeps the authorities of one cluster apart.
  const name = [
    [{ oid: nameOids.organization, value: clusterName }],
    [{ oid: nameOids.commonName, value: clusterName }],
    [{ oid: nameOids.serialNumber, value: serial.toString() }],
  ];
  const issuer = { name, privateKey: options.tlsKey, keyId: subjectKeyId(publicKey) };
  const tlsCertificatePem =
    made ??
    buildCertificate({
      subject: name,
      publicKey,
      issuer,
      serial,
      notBefore: now,
      notAfter: new Date(now.getTime() + lifetimeMs),
      isAuthority: true,
    });
  return { type: options.type, ...issuer, tlsCertificatePem };
}

/** Makes an authority that signs OpenSSH certificates too. */
export function createSshAuthority(options: AuthorityOptions & { sshKey: KeyObject }): SshAuthority {
  return {
    ...createAuthority(options),
    sshPrivateKey: options.sshKey,
    sshPublicKey: encodePublicKey(createPublicKey(options.sshKey)),
  };
}
