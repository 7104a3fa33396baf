import type { Secret } from "@bot-join/core";
import { formatAuthorizedKey } from "@bot-join/formats";
import type { OutputFiles } from "./output-files.ts";
import { type Authority, endLine } from "./output-identity.ts";
import { checkClusterName } from "./safe-name.ts";

/** The key and certificate of an SSH server, and whom it shall let in. */
export interface SshHost {
  privateKeyPem: Secret;
  /** The host certificate's line as the server returned it. */
  certificate: string;
  /** The user authorities; those of other clusters than `cluster` are left out. */
  userAuthorities: Authority[];
  /** The cluster that the server belongs to. */
  cluster: string;
}

/**
 * Renders the files of an `ssh_host` output, for sshd's `HostKey`, `HostCertificate` and `TrustedUserCAKeys`
 * (outputs.md section 7.1). Throws `ERR_OUTPUT_NAME_UNSAFE`.
 */
export function renderSshHostOutput(host: SshHost): OutputFiles {
  checkClusterName(host.cluster);
  const userKeys = host.userAuthorities
    .filter(({ clusterName }) => clusterName === host.cluster)
    .flatMap(({ sshPublicKeys }) => sshPublicKeys)
    .map((key) => `${formatAuthorizedKey(key)} clustername=${host.cluster}&type=user\n`);
  return new Map([
    ["ssh_host-cert.pub", endLine(host.certificate)],
    ["ssh_host", endLine(host.privateKeyPem.reveal())],
    ["ssh_host-user-ca.pub", userKeys.join("")],
  ]);
}
