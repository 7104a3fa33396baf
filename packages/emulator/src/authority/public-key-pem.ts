import type { KeyObject } from "node:crypto";

/** Writes a public key as PKIX PEM. */
export function publicKeyPem(key: KeyObject): string {
  return Buffer.from(key.export({ type: "spki", format: "pem" })).toString();
}
