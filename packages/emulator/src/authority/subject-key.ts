import { createPublicKey, type KeyObject } from "node:crypto";
import { parsePem } from "@bot-join/core";
import { parseAuthorizedKey, parsePublicKey } from "@bot-join/formats";
import { Refusal } from "../refusal.ts";

/** Reads the authorized_keys line of a key to be certified; a Refusal says `ssh: no key found` (measured). */
export function readSshKey(line: Uint8Array): KeyObject {
  const blob = readSshBlob(line);
  try {
    return parsePublicKey(blob);
  } catch {
    throw noKeyFound();
  }
}

/** The same, as the key's plain blob. */
export function readSshBlob(line: Uint8Array): Uint8Array {
  try {
    return parseAuthorizedKey(Buffer.from(line).toString("utf8")).blob;
  } catch {
    throw noKeyFound();
  }
}

function noKeyFound(): Refusal {
  return new Refusal("untyped", "ssh: no key found");
}

/**
 * Reads the PEM of a key to be certified: PKIX, also under the label `RSA PUBLIC KEY`, and there PKCS#1 too
 * (join.md section 2.1). What a server says to anything else is not known.
 */
export function readTlsKey(pem: Uint8Array): KeyObject {
  const [block] = parsePem(Buffer.from(pem).toString("latin1"));
  if (block === undefined) throw new Refusal("bad-parameter", "expected PEM-encoded block");
  const types = block.label === "RSA PUBLIC KEY" ? (["spki", "pkcs1"] as const) : (["spki"] as const);
  for (const type of types) {
    try {
      return createPublicKey({ key: Buffer.from(block.der), format: "der", type });
    } catch {
      // Not of this form: the next one is tried.
    }
  }
  throw new Refusal("bad-parameter", `unsupported public key type ${JSON.stringify(block.label)}`);
}

/**
 * Refuses keys that a FIPS build before 17 does not certify (user-certs.md section 7). Class and wording are ours but
 * for the words `only RSA keys supported`.
 */
export function checkKeyIsAllowed(key: KeyObject, rsaOnly: boolean): void {
  if (rsaOnly && key.asymmetricKeyType !== "rsa") {
    throw new Refusal("bad-parameter", `only RSA keys supported, got a key of type ${key.asymmetricKeyType}`);
  }
}
