import { createPrivateKey, type KeyObject } from "node:crypto";

/** An authority as it is kept: its keys and its X.509 certificate, all PEM. */
export interface StoredAuthority {
  tlsKeyPem: string;
  tlsCertificatePem: string;
  /** Absent for one that signs no SSH certificates. */
  sshKeyPem?: string;
  /** Of one that signs JWTs. */
  jwtKeyPem?: string;
}

/** Where authorities are kept beyond the process, so that what they signed stays good. */
export interface AuthorityVault {
  load(type: string): StoredAuthority | undefined;
  store(type: string, authority: StoredAuthority): void;
}

/** Writes a private key as a vault keeps it. */
export function keyPem(key: KeyObject): string {
  return String(key.export({ type: "pkcs8", format: "pem" }));
}

/** Reads a private key that {@link keyPem} wrote. */
export function keyOfPem(pem: string): KeyObject {
  return createPrivateKey(pem);
}
