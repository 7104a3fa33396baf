import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

/** What is known of the other end of a connection after the TLS handshake. */
export type Peer =
  | { state: "anonymous" }
  | { state: "certificate"; certificate: X509Certificate }
  | { state: "refused"; reason: string };

/**
 * Judges the client certificate of a finished handshake against the authorities that may have issued it, and
 * against the given time instead of OpenSSL's. A second certificate on the wire is refused, as Teleport does
 * (measured-14.2.0.md section 2). To count them soundly the TLS server must have an empty trust list
 * (`ca: []`): only then does `issuerCertificate` show on Node 20 and 24 exactly what the client sent.
 */
export function judgePeer(socket: TLSSocket, authoritiesPem: readonly string[], now: Date): Peer {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { state: "anonymous" };
  if (certificate.issuerCertificate !== undefined) {
    return { state: "refused", reason: "access denied: intermediaries are not supported" };
  }
  const known = authoritiesPem
    .map((pem) => new X509Certificate(pem))
    .some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
  if (!known) return { state: "refused", reason: "unknown certificate authority" };
  if (now < new Date(certificate.validFrom))
    return { state: "refused", reason: "certificate is not valid yet" };
  if (now > new Date(certificate.validTo)) return { state: "refused", reason: "certificate has expired" };
  return { state: "certificate", certificate };
}
