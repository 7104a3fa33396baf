import { isBotJoinError } from "@bot-join/core";
import type { BotIdentity } from "@bot-join/join";
import { proxyCommandLine, type SshTarget } from "@bot-join/outputs";
import { formatHostPort, type HostPort, parseProxyAddress } from "@bot-join/transport";
import type { Run } from "./context.ts";
import type { Issued } from "./issue.ts";
import { programIn } from "./ssh-program.ts";

/** The first release line that writes per-cluster ssh_config and known_hosts files (profiles.md). */
const perClusterSince = 16;

/**
 * Tells what an `ssh_config` in a directory has to say. The proxy's name as the cluster knows it heads ssh_config and
 * known_hosts; the address at hand is the one that is dialled. `leaf` stands first where the identity is routed to it.
 */
export function sshTarget(
  { plan, context }: Run,
  directory: string,
  leaf: string | undefined,
  bot: BotIdentity,
  issued: Issued,
): SshTarget {
  const cluster = leaf ?? bot.identity.cluster;
  const others = issued.authorities.host.map(({ clusterName }) => clusterName);
  const { host, port } = announcedProxy(issued.proxyPublicAddress) ?? plan.proxy;
  const proxy = formatHostPort(plan.proxy);
  const program = programIn(directory, context.sshProxy);
  return {
    clusters: [...new Set([cluster, ...others])],
    proxyHost: host,
    proxyPort: port,
    directory,
    perClusterFiles: Number.parseInt(issued.serverVersion, 10) >= perClusterSince,
    proxyCommand: (target) =>
      proxyCommandLine({ program, directory, proxy, cluster: target }, context.platform),
  };
}

/** What the cluster calls its proxy; undefined where it says nothing of use, which is no mistake of the user's. */
function announcedProxy(address: string): HostPort | undefined {
  try {
    return address === "" ? undefined : parseProxyAddress(address);
  } catch (error) {
    if (isBotJoinError(error)) return undefined;
    throw error;
  }
}
