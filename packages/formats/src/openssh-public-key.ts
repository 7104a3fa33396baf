import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { FormatError, malformed, quote } from "./errors.ts";
import { SshReader, SshWriter } from "./wire.ts";

// A public key blob is the key's type and then its fields.
//
// | type                                  | fields                               | source               |
// |---------------------------------------|--------------------------------------|----------------------|
// | `ssh-rsa`                             | mpint e, mpint n                     | RFC 4253 section 6.6 |
// | `ecdsa-sha2-nistp256`, `384`, `521`   | string curve, string 04 ‖ x ‖ y      | RFC 5656 section 3.1 |
// | `ssh-ed25519`                         | string of 32 bytes                   | RFC 8709 section 4   |

/** Modulus sizes in bits that OpenSSH takes: SSH_RSA_MINIMUM_MODULUS_SIZE and OPENSSL_RSA_MAX_MODULUS_BITS. */
const rsaModulusBits = { min: 1024, max: 16384 } as const;

const ed25519KeyBytes = 32;

interface EcCurve {
  type: PublicKeyType;
  /** Name in the blob. */
  ssh: string;
  /** Name in a JSON web key. */
  jwk: string;
  /** Name in OpenSSL, hence in a KeyObject. */
  openssl: string;
  coordinateBytes: number;
}

/** The curves that RFC 5656 section 10.1 requires. */
const ecCurves: readonly EcCurve[] = [
  { type: "ecdsa-sha2-nistp256", ssh: "nistp256", jwk: "P-256", openssl: "prime256v1", coordinateBytes: 32 },
  { type: "ecdsa-sha2-nistp384", ssh: "nistp384", jwk: "P-384", openssl: "secp384r1", coordinateBytes: 48 },
  { type: "ecdsa-sha2-nistp521", ssh: "nistp521", jwk: "P-521", openssl: "secp521r1", coordinateBytes: 66 },
];

/** The key types that this package reads and writes. */
export type PublicKeyType =
  | "ssh-rsa"
  | "ecdsa-sha2-nistp256"
  | "ecdsa-sha2-nistp384"
  | "ecdsa-sha2-nistp521"
  | "ssh-ed25519";

/** Names a key as OpenSSH does; throws `ERR_FORMAT_SSH_KEY` for a kind of key that this package does not write. */
export function publicKeyType(key: KeyObject): PublicKeyType {
  const curveName = key.asymmetricKeyDetails?.namedCurve;
  const curve = ecCurves.find(({ openssl }) => openssl === curveName);
  if (curve !== undefined) return curve.type;
  if (key.asymmetricKeyType === "rsa") return "ssh-rsa";
  if (key.asymmetricKeyType === "ed25519") return "ssh-ed25519";
  throw new FormatError({
    code: "ERR_FORMAT_SSH_KEY",
    kind: "user",
    message: `Cannot write a key of type ${curveName ?? key.asymmetricKeyType ?? key.type} in OpenSSH's form.`,
    hint: "Use an RSA, ECDSA P-256, P-384, P-521 or Ed25519 key.",
  });
}

/** Encodes a key, or the public half of a private one, as a blob; throws `ERR_FORMAT_SSH_KEY` like {@link publicKeyType}. */
export function encodePublicKey(key: KeyObject): Uint8Array {
  const type = publicKeyType(key);
  const jwk = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  const field = (value: string | undefined): Uint8Array => Buffer.from(value ?? "", "base64url");
  const writer = new SshWriter().string(type);
  const curve = ecCurves.find((candidate) => candidate.type === type);
  if (curve !== undefined) {
    writer.string(curve.ssh).string(Buffer.concat([Uint8Array.of(4), field(jwk.x), field(jwk.y)]));
  } else if (type === "ssh-rsa") {
    writer.positiveMpint(field(jwk.e)).positiveMpint(field(jwk.n));
  } else {
    writer.string(field(jwk.x));
  }
  return writer.bytes();
}

/** Decodes a public key blob; throws `ERR_FORMAT_SSH_WIRE` or `ERR_FORMAT_SSH_KEY`. */
export function parsePublicKey(blob: Uint8Array): KeyObject {
  const { type, jwk } = splitPublicKey(blob);
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch (error) {
    throw malformed("ERR_FORMAT_SSH_KEY", `Cannot read the ${type} key: its numbers make no key.`, error);
  }
}

/** A key blob's parts. */
export interface PublicKeyParts {
  type: string;
  /** Everything behind the type, as certificates repeat it. */
  fields: Uint8Array;
  jwk: JsonWebKey;
}

/** Splits and checks a plain key blob as {@link readKeyFields} does. */
export function splitPublicKey(blob: Uint8Array): PublicKeyParts {
  const reader = new SshReader(blob, "OpenSSH public key");
  const type = reader.text("type");
  const start = reader.offset;
  const jwk = readKeyFields(reader, type);
  reader.end();
  return { type, fields: reader.slice(start, reader.offset), jwk };
}

/**
 * Reads and checks the fields that follow the type in key blobs and, behind the nonce, in certificates.
 * Gives them as a JSON web key; does not check that an ECDSA point lies on its curve.
 */
export function readKeyFields(reader: SshReader, type: string): JsonWebKey {
  if (type === "ssh-rsa") return readRsaFields(reader);
  if (type === "ssh-ed25519") return readEd25519Fields(reader);
  const curve = ecCurves.find((candidate) => candidate.type === type);
  if (curve !== undefined) return readEcFields(reader, curve);
  throw malformed("ERR_FORMAT_SSH_KEY", `Cannot read an OpenSSH key of the unknown type ${quote(type)}.`);
}

function readRsaFields(reader: SshReader): JsonWebKey {
  const e = reader.positiveMpint("e");
  const n = reader.positiveMpint("n");
  const bits = n.length * 8 - (Math.clz32(n[0] ?? 0) - 24);
  const { min, max } = rsaModulusBits;
  if (bits < min || bits > max) {
    throw malformed(
      "ERR_FORMAT_SSH_KEY",
      `Cannot read the ssh-rsa key: its modulus has ${bits} bits, allowed are ${min} to ${max}.`,
    );
  }
  return { kty: "RSA", e: base64url(e), n: base64url(n) };
}

function readEd25519Fields(reader: SshReader): JsonWebKey {
  const x = reader.string("key");
  if (x.length !== ed25519KeyBytes) {
    const reason = `it has ${x.length} bytes instead of ${ed25519KeyBytes}`;
    throw malformed("ERR_FORMAT_SSH_KEY", `Cannot read the ssh-ed25519 key: ${reason}.`);
  }
  return { kty: "OKP", crv: "Ed25519", x: base64url(x) };
}

function readEcFields(reader: SshReader, curve: EcCurve): JsonWebKey {
  const name = reader.text("curve");
  const point = reader.string("point");
  const size = curve.coordinateBytes;
  if (name !== curve.ssh || point[0] !== 4 || point.length !== 1 + 2 * size) {
    throw malformed(
      "ERR_FORMAT_SSH_KEY",
      `Cannot read the ${curve.type} key: it is no uncompressed point of ${curve.ssh}.`,
    );
  }
  const x = point.subarray(1, 1 + size);
  return { kty: "EC", crv: curve.jwk, x: base64url(x), y: base64url(point.subarray(1 + size)) };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}
