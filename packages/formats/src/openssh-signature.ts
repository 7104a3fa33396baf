import { type KeyObject, sign, verify } from "node:crypto";
import { type PublicKeyType, parsePublicKey, publicKeyType } from "./openssh-public-key.ts";
import { SshReader, SshWriter } from "./wire.ts";

// A signature blob is string algorithm, string signature.
//
// | algorithm                           | signature                            | source                 |
// |-------------------------------------|--------------------------------------|------------------------|
// | `rsa-sha2-512`, `rsa-sha2-256`      | PKCS #1 v1.5, as long as the modulus | RFC 8332 section 3     |
// | `ecdsa-sha2-nistp256`, `384`, `521` | string of mpint r, mpint s           | RFC 5656 section 3.1.2 |
// | `ssh-ed25519`                       | 64 bytes                             | RFC 8709 section 6     |
//
// The algorithm `ssh-rsa` means SHA-1; it is neither made nor accepted.

interface SignatureAlgorithm {
  name: string;
  /** Null where the algorithm hashes by itself. */
  hash: string | null;
  /** Size of r and of s; absent where the signature is taken as it is. */
  ecScalarBytes?: number;
}

/** By the key's type: the algorithm to sign with, then others that are accepted. */
const algorithms: Readonly<Record<PublicKeyType, readonly [SignatureAlgorithm, ...SignatureAlgorithm[]]>> = {
  "ssh-rsa": [
    { name: "rsa-sha2-512", hash: "sha512" },
    { name: "rsa-sha2-256", hash: "sha256" },
  ],
  "ecdsa-sha2-nistp256": [{ name: "ecdsa-sha2-nistp256", hash: "sha256", ecScalarBytes: 32 }],
  "ecdsa-sha2-nistp384": [{ name: "ecdsa-sha2-nistp384", hash: "sha384", ecScalarBytes: 48 }],
  "ecdsa-sha2-nistp521": [{ name: "ecdsa-sha2-nistp521", hash: "sha512", ecScalarBytes: 66 }],
  "ssh-ed25519": [{ name: "ssh-ed25519", hash: null }],
};

/** A signature blob's two parts. */
export interface SshSignature {
  algorithm: string;
  signature: Uint8Array;
}

/** Splits a signature blob; throws `ERR_FORMAT_SSH_WIRE`. */
export function parseSignature(blob: Uint8Array): SshSignature {
  const reader = new SshReader(blob, "OpenSSH signature");
  const parsed = { algorithm: reader.text("algorithm"), signature: reader.string("signature") };
  reader.end();
  return parsed;
}

/** Signs with the key's first algorithm (RSA: `rsa-sha2-512`) and gives a signature blob. */
export function createSignature(data: Uint8Array, privateKey: KeyObject): Uint8Array {
  const [algorithm] = algorithms[publicKeyType(privateKey)];
  const signature = sign(algorithm.hash, data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  return new SshWriter().string(algorithm.name).string(toSsh(signature, algorithm)).bytes();
}

/**
 * Verifies a signature blob: false for a wrong signature, a weak algorithm or one of another key type; throws
 * `ERR_FORMAT_SSH_WIRE` or `ERR_FORMAT_SSH_KEY` for a blob or key that cannot be read.
 */
export function verifySignature(data: Uint8Array, blob: Uint8Array, publicKey: Uint8Array): boolean {
  const key = parsePublicKey(publicKey);
  const { algorithm: name, signature } = parseSignature(blob);
  const algorithm = algorithms[publicKeyType(key)].find((candidate) => candidate.name === name);
  if (algorithm === undefined) return false;
  const plain = fromSsh(signature, algorithm);
  return plain !== undefined && verify(algorithm.hash, data, { key, dsaEncoding: "ieee-p1363" }, plain);
}

function toSsh(signature: Uint8Array, { ecScalarBytes }: SignatureAlgorithm): Uint8Array {
  if (ecScalarBytes === undefined) return signature;
  const [r, s] = [signature.subarray(0, ecScalarBytes), signature.subarray(ecScalarBytes)];
  return new SshWriter().positiveMpint(r).positiveMpint(s).bytes();
}

/** Turns r and s into halves of fixed size; undefined when one of them is too large for the curve. */
function fromSsh(signature: Uint8Array, { ecScalarBytes }: SignatureAlgorithm): Uint8Array | undefined {
  if (ecScalarBytes === undefined) return signature;
  const reader = new SshReader(signature, "ECDSA signature");
  const scalars = [reader.positiveMpint("r"), reader.positiveMpint("s")];
  reader.end();
  if (scalars.some((scalar) => scalar.length > ecScalarBytes)) return undefined;
  return Buffer.concat(scalars.flatMap((scalar) => [new Uint8Array(ecScalarBytes - scalar.length), scalar]));
}
