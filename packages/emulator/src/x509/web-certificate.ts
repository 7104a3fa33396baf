import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { buildCertificate, type CertificateIssuer, subjectKeyId } from "./build.ts";
import type { AltNames } from "./extensions.ts";
import { nameOids } from "./name.ts";

const dayMs = 86_400_000;

/** A CA for web certificates, which has nothing to do with the cluster's own. */
export interface WebAuthority extends CertificateIssuer {
  readonly certificatePem: string;
}

/** Makes a P-256 CA that is valid for a year, or gives one that was made before. */
export function createWebAuthority(
  commonName: string,
  now: Date,
  made?: { privateKey: KeyObject; certificatePem: string },
): WebAuthority {
  const privateKey = made?.privateKey ?? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const publicKey = createPublicKey(privateKey);
  const issuer = {
    name: [[{ oid: nameOids.commonName, value: commonName }]],
    privateKey,
    keyId: subjectKeyId(publicKey),
  };
  if (made !== undefined) return { ...issuer, certificatePem: made.certificatePem };
  const certificatePem = buildCertificate({
    subject: issuer.name,
    publicKey,
    issuer,
    notBefore: new Date(now.getTime() - dayMs),
    notAfter: new Date(now.getTime() + 365 * dayMs),
    isAuthority: true,
  });
  return { ...issuer, certificatePem };
}

/** What a web certificate is to say. */
export interface WebCertificateOptions {
  authority: CertificateIssuer;
  altNames: AltNames;
  notBefore: Date;
  notAfter: Date;
}

/** Issues a web server certificate for a new P-256 key; its common name is its first name. */
export function issueWebCertificate(options: WebCertificateOptions): {
  certificatePem: string;
  privateKeyPem: string;
} {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { dnsNames, ipAddresses } = options.altNames;
  return {
    certificatePem: buildCertificate({
      subject: [[{ oid: nameOids.commonName, value: dnsNames[0] ?? ipAddresses[0] ?? "" }]],
      publicKey,
      issuer: options.authority,
      notBefore: options.notBefore,
      notAfter: options.notAfter,
      altNames: options.altNames,
    }),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}
