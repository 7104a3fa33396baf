import type { Secret } from "@bot-join/core";

/** One certificate authority of a cluster, as the Auth Service lists it. */
export interface Authority {
  clusterName: string;
  /** Wire blobs (RFC 4253 section 6.6) of its SSH keys: active ones first, then the additional trusted ones of a rotation. */
  sshPublicKeys: Uint8Array[];
  /** PEM certificates in the same order. */
  tlsCertificates: string[];
}

/** The key and certificates of one output and the authorities it trusts, each list in the server's order. */
export interface OutputIdentity {
  /** PKCS#8 for ECDSA, PKCS#1 for RSA (outputs.md section 2.2); written as given. */
  privateKeyPem: Secret;
  /** `<type> <base64>` without a newline. */
  publicKeyLine: string;
  /** The certificate's line as the server returned it. */
  sshCertificate: string;
  /** PEM of the leaf certificate alone. */
  tlsCertificate: string;
  authorities: { host: Authority[]; user: Authority[]; db: Authority[] };
}

/** Gives a block the newline that ends it, unless it has one (outputs.md section 2.1). */
export function endLine(block: string): string {
  return block.endsWith("\n") ? block : `${block}\n`;
}
