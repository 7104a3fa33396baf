import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { parsePem, type Secret } from "@bot-join/core";
import { issuedBy } from "@bot-join/formats";
import {
  bmpString,
  type DerValue,
  encodeDer,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tagged,
} from "@bot-join/formats/der";
import { OutputError } from "./errors.ts";
import { encrypt, macData } from "./pkcs12-encryption.ts";

// RFC 7292 section 4, as far as it is written here; `…` is what a password protects:
//
// PFX
//   version 3
//   ContentInfo data
//     ContentInfo encryptedData …: CertBag of the leaf, CertBag of every authority
//     ContentInfo data: PKCS8ShroudedKeyBag …
//   MacData

/** What a PKCS#12 file holds. */
export interface Pkcs12Identity {
  /** RSA or ECDSA. */
  privateKeyPem: Secret;
  /** PEM of the leaf certificate. */
  tlsCertificate: string;
  /** PEM of the authorities that the client shall trust. The leaf's own issuer is left out: see {@link renderPkcs12}. */
  caCertificates: string[];
}

const oids = {
  data: "1.2.840.113549.1.7.1",
  encryptedData: "1.2.840.113549.1.7.6",
  shroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  /** Oracle's: Java trusts a certificate only with this attribute. */
  trustedKeyUsage: "2.16.840.1.113894.746875.1.1",
  anyExtendedKeyUsage: "2.5.29.37.0",
} as const;

/**
 * Renders a PKCS#12 file, to be Java's key store and trust store in one: key and certificate under the alias, every authority
 * as `ca-1`, `ca-2`, …. The authority that issued the leaf is left out, since a Java client would send it along and
 * Teleport refuses such chains (measured-14.2.0.md section 2). Throws `ERR_OUTPUT_PKCS12` for a password or an alias that
 * Java cannot take, and for a key or certificate that cannot be read or do not belong together.
 */
export function renderPkcs12(identity: Pkcs12Identity, password: Secret, alias: string): Uint8Array {
  const secret = password.reveal();
  checkPassword(secret);
  if (!/^[ -~\p{L}\p{N}]+$/u.test(alias)) {
    throw refused(
      `the alias ${JSON.stringify(alias)} is empty or has signs that cannot be seen`,
      "Give the output a name of letters, digits and signs.",
    );
  }
  const leaf = certificateDer(identity.tlsCertificate);
  const keyId = createHash("sha256").update(leaf).digest();
  const own = [
    attribute(oids.friendlyName, bmpString(alias)),
    attribute(oids.localKeyId, octetString(keyId)),
  ];
  const authorities = identity.caCertificates.filter((pem) => !issuedBy(identity.tlsCertificate, pem));
  const certificates = sequence(
    certBag(leaf, own),
    ...authorities.map((pem, index) =>
      certBag(certificateDer(pem), [
        attribute(oids.friendlyName, bmpString(`ca-${index + 1}`)),
        attribute(oids.trustedKeyUsage, objectIdentifier(oids.anyExtendedKeyUsage)),
      ]),
    ),
  );
  const key = encrypt(privateKeyDer(identity.privateKeyPem, leaf), secret);
  const keys = sequence(bag(oids.shroudedKeyBag, sequence(key.algorithm, octetString(key.bytes)), own));
  const content = encodeDer(
    sequence(encryptedContent(encodeDer(certificates), secret), dataContent(encodeDer(keys))),
  );
  return encodeDer(sequence(integer(3n), dataContent(content), macData(content, secret)));
}

/** Java reads passwords of printable ASCII only, and readers differ in how others are encoded. */
function checkPassword(password: string): void {
  if (/^[ -~]+$/.test(password)) return;
  throw refused(
    "its password is empty or has other signs than printable ASCII",
    "Give a password of letters, digits and signs: Java reads no others.",
  );
}

function certificateDer(pem: string): Uint8Array {
  const [block] = parsePem(pem);
  if (block === undefined) throw damaged("a certificate is not PEM");
  return block.der;
}

function privateKeyDer(pem: Secret, leaf: Uint8Array): Uint8Array {
  let key: KeyObject;
  let isPair: boolean;
  try {
    key = createPrivateKey(pem.reveal());
    isPair = new X509Certificate(leaf).checkPrivateKey(key);
  } catch {
    // OpenSSL's error may hold parts of the key: it is not kept.
    throw damaged("its private key or its certificate cannot be read");
  }
  if (!isPair) throw damaged("its private key and its certificate do not belong together");
  return key.export({ type: "pkcs8", format: "der" });
}

function damaged(what: string): OutputError {
  return refused(what, "Neither was given by you: report it with the cluster's version.");
}

function attribute(oid: string, value: DerValue): DerValue {
  return sequence(objectIdentifier(oid), setOf([value]));
}

function bag(oid: string, value: DerValue, attributes: DerValue[]): DerValue {
  return sequence(objectIdentifier(oid), tagged(0, [value]), setOf(attributes));
}

function certBag(der: Uint8Array, attributes: DerValue[]): DerValue {
  const value = sequence(objectIdentifier(oids.x509Certificate), tagged(0, [octetString(der)]));
  return bag(oids.certBag, value, attributes);
}

function dataContent(bytes: Uint8Array): DerValue {
  return sequence(objectIdentifier(oids.data), tagged(0, [octetString(bytes)]));
}

function encryptedContent(bytes: Uint8Array, password: string): DerValue {
  const { algorithm, bytes: encrypted } = encrypt(bytes, password);
  const info = sequence(objectIdentifier(oids.data), algorithm, tagged(0, encrypted));
  return sequence(objectIdentifier(oids.encryptedData), tagged(0, [sequence(integer(0n), info)]));
}

function refused(what: string, hint: string): OutputError {
  return new OutputError({
    code: "ERR_OUTPUT_PKCS12",
    kind: "user",
    message: `The PKCS#12 file cannot be made: ${what}.`,
    hint,
  });
}
