import { renderCaBundle } from "./ca-bundles.ts";
import { renderIdentityFile } from "./identity-file.ts";
import { renderClusterKnownHosts, renderKnownHosts } from "./known-hosts.ts";
import { endLine, type OutputIdentity } from "./output-identity.ts";
import { renderClusterSshConfig, renderSshConfig, type SshTarget } from "./ssh-config.ts";

function sshFiles(identity: OutputIdentity, ssh: SshTarget): [string, string][] {
  const { host } = identity.authorities;
  const perCluster = ssh.perClusterFiles ? ssh.clusters : [];
  return [
    ["known_hosts", renderKnownHosts(host, ssh.clusters, ssh.proxyHost)],
    ...perCluster.flatMap((cluster): [string, string][] => [
      [`${cluster}.ssh_config`, renderClusterSshConfig(ssh, cluster)],
      [`${cluster}.known_hosts`, renderClusterKnownHosts(host, cluster)],
    ]),
    ["ssh_config", renderSshConfig(ssh)],
  ];
}

/**
 * Renders the files of an `identity` output, by name: those of tbot without its empty `.write-test`
 * (outputs.md section 3.1). Without an SSH target, `known_hosts`, `ssh_config` and the per-cluster files are left out.
 * Throws `ERR_OUTPUT_DIRECTORY_NAME`, `ERR_OUTPUT_HOST_CA_MISSING`, `ERR_OUTPUT_NAME_UNSAFE`.
 */
export function renderIdentityOutput(
  identity: OutputIdentity,
  ssh: SshTarget | undefined,
): Map<string, string | Uint8Array> {
  const { host, user, db } = identity.authorities;
  return new Map<string, string | Uint8Array>([
    ["teleport-host-ca.crt", renderCaBundle(host)],
    ["teleport-user-ca.crt", renderCaBundle(user)],
    ["teleport-database-ca.crt", renderCaBundle(db)],
    ["identity", renderIdentityFile(identity)],
    ["key-cert.pub", endLine(identity.sshCertificate)],
    ["tlscert", endLine(identity.tlsCertificate)],
    ["key", endLine(identity.privateKeyPem.reveal())],
    ["key.pub", endLine(identity.publicKeyLine)],
    ...(ssh === undefined ? [] : sshFiles(identity, ssh)),
  ]);
}
