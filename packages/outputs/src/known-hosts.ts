import { certAuthorityLine } from "@bot-join/formats";
import { OutputError } from "./errors.ts";
import type { Authority } from "./output-identity.ts";
import { checkClusterName, checkProxyHost } from "./safe-name.ts";

/** The SSH keys that vouch for a cluster's hosts; without any, ssh could verify none, so that is an error. */
function hostKeys(authorities: Authority[], cluster: string): Uint8Array[] {
  checkClusterName(cluster);
  const keys = authorities
    .filter((authority) => authority.clusterName === cluster)
    .flatMap((authority) => authority.sshPublicKeys);
  if (keys.length > 0) return keys;
  const known = authorities.map((authority) => authority.clusterName).join(", ") || "none";
  throw new OutputError({
    code: "ERR_OUTPUT_HOST_CA_MISSING",
    kind: "cluster",
    message: `The known_hosts file needs the host authority of cluster ${cluster}; the cluster returned those of: ${known}.`,
    hint: "Check that the cluster's name is right and, for a leaf cluster, that its trust relationship is in place.",
  });
}

/**
 * Renders `known_hosts`: one line for each host authority key of each cluster, accepting it for the proxy, the
 * cluster's name and every name below it (outputs.md section 4.1).
 * Throws `ERR_OUTPUT_HOST_CA_MISSING`, `ERR_OUTPUT_NAME_UNSAFE`.
 */
export function renderKnownHosts(
  hostAuthorities: Authority[],
  clusters: string[],
  proxyHost: string,
): string {
  checkProxyHost(proxyHost);
  const lines = clusters.flatMap((cluster) =>
    hostKeys(hostAuthorities, cluster).map((key) =>
      certAuthorityLine([proxyHost, cluster, `*.${cluster}`], key),
    ),
  );
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Renders `<cluster>.known_hosts`, which vouches for every name, since the user's own `Host` block chooses the
 * names (outputs.md section 4.3). Throws as {@link renderKnownHosts}.
 */
export function renderClusterKnownHosts(hostAuthorities: Authority[], cluster: string): string {
  const lines = hostKeys(hostAuthorities, cluster).map((key) => certAuthorityLine(["*"], key));
  return [`# Cluster specific known_hosts generated for cluster '${cluster}'`, ...lines, ""].join("\n");
}
