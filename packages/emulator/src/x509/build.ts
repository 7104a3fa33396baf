import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { encodePem } from "@bot-join/core";
import {
  bitString,
  type DerValue,
  decodeDer,
  encodeDer,
  integer,
  nullValue,
  objectIdentifier,
  sequence,
  tagged,
  time,
} from "@bot-join/formats/der";
import { type AltNames, authorityExtensions, leafExtensions } from "./extensions.ts";
import { type Name, nameToDer } from "./name.ts";

const signatureOids: Readonly<Record<string, { oid: string; nullParameters: boolean }>> = {
  rsa: { oid: "1.2.840.113549.1.1.11", nullParameters: true }, // sha256WithRSAEncryption
  ec: { oid: "1.2.840.10045.4.3.2", nullParameters: false }, // ecdsa-with-SHA256
};

/** Who signs certificates. */
export interface CertificateIssuer {
  readonly name: Name;
  readonly privateKey: KeyObject;
  /** SubjectKeyIdentifier of the issuer's own certificate. */
  readonly keyId: Uint8Array;
}

/** What a certificate is to say. */
export interface CertificateOptions {
  subject: Name;
  publicKey: KeyObject;
  issuer: CertificateIssuer;
  /** Fractions of a second are cut off, as with {@link notAfter}. */
  notBefore: Date;
  notAfter: Date;
  /** Default: random below 2^128. */
  serial?: bigint;
  /** Whether it may sign others; a CA signs itself here. */
  isAuthority?: boolean;
  /** For servers. */
  altNames?: AltNames;
}

/**
 * Builds and signs an X.509 certificate as a Teleport server writes them (user-certs.md section 3) and gives its PEM.
 * The signature is SHA-256 with the issuer's RSA or P-256 key; another kind of key is a TypeError.
 */
export function buildCertificate(options: CertificateOptions): string {
  const { issuer } = options;
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const signed = sequence(
    tagged(0, [integer(2n)]),
    integer(options.serial ?? randomSerial()),
    algorithm,
    nameToDer(issuer.name),
    sequence(time(options.notBefore), time(options.notAfter)),
    nameToDer(options.subject),
    subjectPublicKeyInfo(options.publicKey),
    tagged(3, [
      options.isAuthority
        ? authorityExtensions(subjectKeyId(options.publicKey))
        : leafExtensions(issuer.keyId, options.altNames, options.subject.length > 0),
    ]),
  );
  const signature = sign("sha256", encodeDer(signed), issuer.privateKey);
  return encodePem("CERTIFICATE", encodeDer(sequence(signed, algorithm, bitString(signature))));
}

/** Gives the SubjectKeyIdentifier of a key: SHA-1 over its bits (RFC 5280 section 4.2.1.2, method 1). */
export function subjectKeyId(publicKey: KeyObject): Uint8Array {
  const bits = subjectPublicKeyInfo(publicKey).value[1];
  if (typeof bits !== "object" || typeof bits.value !== "string") throw new TypeError("not a public key");
  // The first byte of a BIT STRING counts its unused bits.
  return createHash("sha1").update(bits.value.slice(1), "latin1").digest();
}

/** Gives a serial number as Teleport's, random below 2^128. */
export function randomSerial(): bigint {
  return BigInt(`0x${randomBytes(16).toString("hex")}`);
}

function subjectPublicKeyInfo(publicKey: KeyObject): DerValue {
  return decodeDer(publicKey.export({ type: "spki", format: "der" }));
}

function signatureAlgorithm(privateKey: KeyObject): DerValue {
  const algorithm = signatureOids[privateKey.asymmetricKeyType ?? ""];
  if (algorithm === undefined) {
    throw new TypeError(`no X.509 signature with a key of type ${privateKey.asymmetricKeyType}`);
  }
  const oid = objectIdentifier(algorithm.oid);
  return algorithm.nullParameters ? sequence(oid, nullValue()) : sequence(oid);
}
