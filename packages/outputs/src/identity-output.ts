import { authorityFiles, keyFiles, type NamedFile } from "./common-files.ts";
import { renderClusterKnownHosts, renderKnownHosts } from "./known-hosts.ts";
import type { OutputFiles } from "./output-files.ts";
import type { OutputIdentity } from "./output-identity.ts";
import { renderClusterSshConfig, renderSshConfig, type SshTarget } from "./ssh-config.ts";

function sshFiles(identity: OutputIdentity, ssh: SshTarget): NamedFile[] {
  const { host } = identity.authorities;
  const perCluster = ssh.perClusterFiles ? ssh.clusters : [];
  return [
    ["known_hosts", renderKnownHosts(host, ssh.clusters, ssh.proxyHost)],
    ...perCluster.flatMap((cluster): NamedFile[] => [
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
export function renderIdentityOutput(identity: OutputIdentity, ssh: SshTarget | undefined): OutputFiles {
  return new Map([
    ...authorityFiles(identity),
    ...keyFiles(identity),
    ...(ssh === undefined ? [] : sshFiles(identity, ssh)),
  ]);
}
