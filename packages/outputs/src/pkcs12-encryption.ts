import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import {
  type DerValue,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
} from "@bot-join/formats/der";

/**
 * Rounds of every key derivation: twice what Java 17 writes and ten times what OpenSSL 3 does, in less than a tenth of a
 * second for one file.
 */
const iterations = 20_000;

/** Bytes of every salt. */
const saltBytes = 16;

/** Bytes that SHA-256 takes in at once. */
const blockBytes = 64;

/** An encryption, and what says how to undo it. */
export interface Encrypted {
  /** AlgorithmIdentifier. */
  algorithm: DerValue;
  bytes: Uint8Array;
}

/** Encrypts under a password: PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC (RFC 8018 section 6.2). */
export function encrypt(content: Uint8Array, password: string): Encrypted {
  const salt = randomBytes(saltBytes);
  const iv = randomBytes(16);
  const key = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const derivation = sequence(
    objectIdentifier("1.2.840.113549.1.5.12"),
    sequence(
      octetString(salt),
      integer(BigInt(iterations)),
      integer(32n),
      sequence(objectIdentifier("1.2.840.113549.2.9"), nullValue()),
    ),
  );
  const scheme = sequence(objectIdentifier("2.16.840.1.101.3.4.1.42"), octetString(iv));
  return {
    algorithm: sequence(objectIdentifier("1.2.840.113549.1.5.13"), sequence(derivation, scheme)),
    bytes: Buffer.concat([cipher.update(content), cipher.final()]),
  };
}

/** Makes the MacData of a content: HMAC-SHA-256 (RFC 7292 section 4). */
export function macData(content: Uint8Array, password: string): DerValue {
  const salt = randomBytes(saltBytes);
  const digest = createHmac("sha256", macKey(password, salt)).update(content).digest();
  return sequence(
    sequence(sequence(objectIdentifier("2.16.840.1.101.3.4.2.1"), nullValue()), octetString(digest)),
    octetString(salt),
    integer(BigInt(iterations)),
  );
}

/** RFC 7292 appendix B.2 for the purpose 3 (a MAC's key) and SHA-256, whose one result is as long as the key. */
function macKey(password: string, salt: Uint8Array): Buffer {
  // BMPString with its terminator.
  const secret = Buffer.from(`${password}\0`, "utf16le").swap16();
  let key: Uint8Array = Buffer.concat([Buffer.alloc(blockBytes, 3), repeated(salt), repeated(secret)]);
  for (let round = 0; round < iterations; round++) key = createHash("sha256").update(key).digest();
  return Buffer.from(key);
}

/** Repeats bytes up to whole blocks. */
function repeated(bytes: Uint8Array): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, bytes);
}
