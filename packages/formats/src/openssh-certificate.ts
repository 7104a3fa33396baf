import { type KeyObject, randomBytes } from "node:crypto";
import { formatAuthorizedKey, parseAuthorizedKey } from "./authorized-key.ts";
import { malformed, quote } from "./errors.ts";
import { encodeOptions, parseOptions } from "./openssh-options.ts";
import { encodePublicKey, readKeyFields, splitPublicKey } from "./openssh-public-key.ts";
import { createSignature, parseSignature, verifySignature } from "./openssh-signature.ts";
import { SshReader, SshWriter } from "./wire.ts";

// OpenSSH's PROTOCOL.certkeys; what Teleport puts in: user-certs.md section 3.1.
//
// | order | type   | name             | meaning                                                                  |
// |-------|--------|------------------|--------------------------------------------------------------------------|
// | 1     | string | type             | key type + `-cert-v01@openssh.com`                                       |
// | 2     | string | nonce            | random, so that no two signed texts are alike                            |
// | 3     |        | key fields       | as in the plain key blob, behind its type                                |
// | 4     | uint64 | serial           | chosen by the CA                                                         |
// | 5     | uint32 | kind             | 1 user, 2 host                                                           |
// | 6     | string | key id           | for logs                                                                 |
// | 7     | string | principals       | strings one after the other; none = valid for every name                 |
// | 8     | uint64 | valid after      | unix seconds, inclusive                                                  |
// | 9     | uint64 | valid before     | unix seconds, exclusive; all ones = forever                              |
// | 10    | string | critical options | openssh-options.ts; a server refuses those it does not know              |
// | 11    | string | extensions       | the same; unknown ones are ignored                                       |
// | 12    | string | reserved         | empty, ignored                                                           |
// | 13    | string | signature key    | plain blob of the CA's key                                               |
// | 14    | string | signature        | over fields 1 to 13                                                      |

const certificateSuffix = "-cert-v01@openssh.com";
const kinds: ReadonlyMap<number, "user" | "host"> = new Map([
  [1, "user"],
  [2, "host"],
]);
const nonceBytes = 32;

/** What a CA certifies. */
export interface OpenSshCertificateFields {
  /** Plain blob of the subject's key. */
  publicKey: Uint8Array;
  serial: bigint;
  kind: "user" | "host";
  keyId: string;
  /** Login names of a user, host names of a host. */
  principals: string[];
  /** Unix seconds, inclusive. */
  validAfter: bigint;
  /** Unix seconds, exclusive; 2n ** 64n - 1n means forever. */
  validBefore: bigint;
  criticalOptions: Record<string, string>;
  /** An empty value is a flag. */
  extensions: Record<string, string>;
  /** Default: 32 random bytes. */
  nonce?: Uint8Array;
}

/** A decoded certificate; decoding says nothing about its signature, see {@link verifyOpenSshCertificate}. */
export interface OpenSshCertificate extends OpenSshCertificateFields {
  /** For example `ecdsa-sha2-nistp256-cert-v01@openssh.com`. */
  type: string;
  nonce: Uint8Array;
  /** Plain blob of the CA's key, as the certificate claims it. */
  signatureKey: Uint8Array;
  /** Signature blob: algorithm and signature. */
  signature: Uint8Array;
  /** What the signature covers. */
  signedBytes: Uint8Array;
}

/**
 * Decodes a certificate in its authorized_keys form. Throws `ERR_FORMAT_SSH_KEY`, `ERR_FORMAT_SSH_WIRE` or
 * `ERR_FORMAT_SSH_CERTIFICATE`. Checks neither signature nor time; unknown options and extensions are kept.
 */
export function parseOpenSshCertificate(line: string): OpenSshCertificate {
  const { type, blob } = parseAuthorizedKey(line);
  if (!type.endsWith(certificateSuffix)) {
    throw malformed("ERR_FORMAT_SSH_CERTIFICATE", `Cannot read ${quote(type)} as an OpenSSH certificate.`);
  }
  const reader = new SshReader(blob, "OpenSSH certificate");
  reader.string("type");
  const nonce = reader.string("nonce");
  const publicKey = readSubjectKey(reader, type.slice(0, -certificateSuffix.length));
  const serial = reader.uint64("serial");
  const kindNumber = reader.uint32("kind");
  const kind = kinds.get(kindNumber);
  if (kind === undefined) {
    throw malformed(
      "ERR_FORMAT_SSH_CERTIFICATE",
      `Cannot read the OpenSSH certificate: it is of the unknown kind ${kindNumber}.`,
    );
  }
  const keyId = reader.text("key id");
  const principals = readPrincipals(reader.string("principals"));
  const validAfter = reader.uint64("valid after");
  const validBefore = reader.uint64("valid before");
  const criticalOptions = parseOptions(
    reader.string("critical options"),
    "critical options of the certificate",
  );
  const extensions = parseOptions(reader.string("extensions"), "extensions of the certificate");
  reader.string("reserved");
  const signatureKey = reader.string("signature key");
  splitPublicKey(signatureKey);
  const signedBytes = reader.slice(0, reader.offset);
  const signature = reader.string("signature");
  reader.end();
  parseSignature(signature);
  return {
    type,
    nonce,
    publicKey,
    serial,
    kind,
    keyId,
    principals,
    validAfter,
    validBefore,
    criticalOptions,
    extensions,
    signatureKey,
    signature,
    signedBytes,
  };
}

/**
 * Verifies the certificate's signature by a CA key given as a plain blob, which must also be the key that the
 * certificate names. SHA-1 signatures are false. Does not look at validity times, kind or principals.
 */
export function verifyOpenSshCertificate(certificate: OpenSshCertificate, caPublicKey: Uint8Array): boolean {
  const named = Buffer.compare(certificate.signatureKey, caPublicKey) === 0;
  return named && verifySignature(certificate.signedBytes, certificate.signature, caPublicKey);
}

/** Signs a certificate and gives its authorized_keys line without newline; an RSA CA signs `rsa-sha2-512`. */
export function signOpenSshCertificate(fields: OpenSshCertificateFields, caPrivateKey: KeyObject): string {
  const subject = splitPublicKey(fields.publicKey);
  const signed = new SshWriter()
    .string(subject.type + certificateSuffix)
    .string(fields.nonce ?? randomBytes(nonceBytes))
    .raw(subject.fields)
    .uint64(fields.serial)
    .uint32(fields.kind === "user" ? 1 : 2)
    .string(fields.keyId)
    .string(fields.principals.reduce((writer, name) => writer.string(name), new SshWriter()).bytes())
    .uint64(fields.validAfter)
    .uint64(fields.validBefore)
    .string(encodeOptions(fields.criticalOptions))
    .string(encodeOptions(fields.extensions))
    .string("")
    .string(encodePublicKey(caPrivateKey))
    .bytes();
  const signature = createSignature(signed, caPrivateKey);
  return formatAuthorizedKey(new SshWriter().raw(signed).string(signature).bytes());
}

function readSubjectKey(reader: SshReader, keyType: string): Uint8Array {
  const start = reader.offset;
  readKeyFields(reader, keyType);
  return new SshWriter().string(keyType).raw(reader.slice(start, reader.offset)).bytes();
}

function readPrincipals(bytes: Uint8Array): string[] {
  const reader = new SshReader(bytes, "principals of the OpenSSH certificate");
  const principals: string[] = [];
  while (!reader.atEnd) principals.push(reader.text("principal"));
  return principals;
}
