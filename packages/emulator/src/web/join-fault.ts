import type { JoinContentFault } from "../faults.ts";
import { createWebAuthority, issueWebCertificate } from "../x509/web-certificate.ts";
import type { JoinCertificates } from "./handler.ts";

/** Spoils the content of a join answer as a fault asks; everything else about the answer stays right. */
export function spoilJoin(
  certificates: JoinCertificates,
  fault: JoinContentFault | undefined,
  now: Date,
): JoinCertificates {
  const stranger = (): ReturnType<typeof createWebAuthority> => createWebAuthority("another cluster", now);
  switch (fault) {
    case undefined:
      return certificates;
    case "wrong-key":
      return {
        ...certificates,
        tls: issueWebCertificate({
          authority: stranger(),
          altNames: { dnsNames: ["bot"], ipAddresses: [] },
          notBefore: now,
          notAfter: new Date(now.getTime() + 3_600_000),
        }).certificatePem,
      };
    case "wrong-authorities":
      return { ...certificates, tlsCaCerts: certificates.tlsCaCerts.map(() => stranger().certificatePem) };
    case "missing-tls":
      return { ...certificates, tls: "" };
    case "garbage-certificate":
      return { ...certificates, tls: generateGarbage(certificates.tls) };
  }
}

/** Keeps the armour and breaks what is inside. */
function generateGarbage(pem: string): string {
  return pem.replace(/\n[A-Za-z0-9+/]{8}/, "\nAAAAAAAA");
}
