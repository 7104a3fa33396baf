import { certAuthorityLine } from "@bot-join/formats";
import { endLine, type OutputIdentity } from "./output-identity.ts";
import { checkClusterName } from "./safe-name.ts";

/**
 * Renders the `identity` file that tsh, tctl, Terraform and Teleport's API clients read: key, SSH certificate, TLS
 * certificate, then all SSH host authorities, then all TLS host authorities (outputs.md section 2.1). The order of
 * the PEM blocks tells readers which is which. Throws `ERR_OUTPUT_NAME_UNSAFE`.
 */
export function renderIdentityFile(identity: OutputIdentity): string {
  const { host } = identity.authorities;
  for (const authority of host) checkClusterName(authority.clusterName);
  const sshAuthorities = host.flatMap(({ clusterName, sshPublicKeys }) =>
    // Two patterns, no proxy host: readers take the first of two as the cluster's name.
    sshPublicKeys.map((key) => certAuthorityLine([clusterName, `*.${clusterName}`], key)),
  );
  return [
    identity.privateKeyPem.reveal(),
    identity.sshCertificate,
    identity.tlsCertificate,
    ...sshAuthorities,
    ...host.flatMap((authority) => authority.tlsCertificates),
  ]
    .map(endLine)
    .join("");
}
