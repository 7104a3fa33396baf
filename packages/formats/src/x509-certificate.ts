import { type KeyObject, X509Certificate } from "node:crypto";
import { parsePem } from "@bot-join/core";
import { malformed } from "./errors.ts";

/** Reads a text that holds exactly one `CERTIFICATE` block; throws `ERR_FORMAT_X509`. */
export function parseCertificatePem(pem: string): X509Certificate {
  const [block, ...more] = parsePem(pem).filter(({ label }) => label === "CERTIFICATE");
  if (block === undefined || more.length > 0) {
    throw malformed(
      "ERR_FORMAT_X509",
      `Cannot read the X.509 certificate: the text holds ${more.length + (block ? 1 : 0)} CERTIFICATE blocks instead of one.`,
    );
  }
  try {
    return new X509Certificate(block.der);
  } catch (error) {
    throw malformed(
      "ERR_FORMAT_X509",
      "Cannot read the X.509 certificate: it is not DER, or not a certificate.",
      error,
    );
  }
}

/** Reads the public key of one PEM certificate; throws `ERR_FORMAT_X509` also for a kind of key that Node lacks. */
export function certificatePublicKey(pem: string): KeyObject {
  const certificate = parseCertificatePem(pem);
  try {
    return certificate.publicKey;
  } catch (error) {
    throw malformed("ERR_FORMAT_X509", "Cannot read the public key of the X.509 certificate.", error);
  }
}

/**
 * Tells whether the CA's key made the certificate's signature; all CAs of a Teleport cluster have nearly the same
 * name, so only this tells them apart (measured-14.2.0.md section 2). Looks neither at names nor at times.
 */
export function issuedBy(certificatePem: string, caPem: string): boolean {
  return parseCertificatePem(certificatePem).verify(certificatePublicKey(caPem));
}
