import type { TLSSocket } from "node:tls";
import { encodeClusterName } from "../cluster-name.ts";
import type { ClientCertificate, ProxyDialer } from "../dialer.ts";

/** What a connection to the proxy's SSH transport needs, all of it read from an identity directory. */
export interface SshRoute {
  /** The cluster that issued the identity. */
  cluster: string;
  /** PEM certificates of that cluster's host CA. */
  hostCa: string[];
  client: ClientCertificate;
}

/**
 * Dials the proxy's SSH transport (proxy-transport.md section 4.1). The certificate must come from the host
 * CA and name the proxy's host, or the cluster, which every proxy's certificate does: the address at hand
 * may be an internal one.
 */
export async function openSshRoute(dialer: ProxyDialer, route: SshRoute): Promise<TLSSocket> {
  const socket = await dialer.openCluster(await dialer.openTcp(), {
    alpn: ["teleport-proxy-ssh-grpc", "h2"],
    serverName: dialer.proxy.host,
    acceptedNames: [dialer.proxy.host, encodeClusterName(route.cluster)],
    hostCa: route.hostCa,
    client: route.client,
  });
  // Where the proxy answers no ALPN, as before Teleport 15, Bun's HTTP/2 would refuse what is HTTP/2 all the same.
  if (!socket.alpnProtocol) socket.alpnProtocol = "h2";
  return socket;
}
