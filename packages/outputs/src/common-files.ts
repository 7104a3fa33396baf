import { renderCaBundle } from "./ca-bundles.ts";
import { renderIdentityFile } from "./identity-file.ts";
import { endLine, type OutputIdentity } from "./output-identity.ts";

/** A file's name and its content. */
export type NamedFile = [name: string, content: string];

/** What every output with a user certificate holds: `identity`, the key and both certificates (outputs.md section 1.3). */
export function keyFiles(identity: OutputIdentity): NamedFile[] {
  return [
    ["identity", renderIdentityFile(identity)],
    ["key-cert.pub", endLine(identity.sshCertificate)],
    ["tlscert", endLine(identity.tlsCertificate)],
    ["key", endLine(identity.privateKeyPem.reveal())],
    ["key.pub", endLine(identity.publicKeyLine)],
  ];
}

/** The three bundles of authorities (outputs.md section 3.3). */
export function authorityFiles({ authorities: { host, user, db } }: OutputIdentity): NamedFile[] {
  return [
    ["teleport-host-ca.crt", renderCaBundle(host)],
    ["teleport-user-ca.crt", renderCaBundle(user)],
    ["teleport-database-ca.crt", renderCaBundle(db)],
  ];
}

/** Certificate, key and authorities as three files (outputs.md section 7). */
export function tlsFiles(identity: OutputIdentity): NamedFile[] {
  return [
    ["tls.crt", endLine(identity.tlsCertificate)],
    ["tls.key", endLine(identity.privateKeyPem.reveal())],
    // The host authority for a database too: it is the proxy that the client talks to.
    ["tls.cas", renderCaBundle(identity.authorities.host)],
  ];
}
