import { isIP } from "node:net";
import { OutputError } from "./errors.ts";

/** What the proxy says of its addresses; all `host:port`, an IPv6 address in brackets, and empty where it says nothing. */
export interface KubernetesProxy {
  tlsRouting: boolean;
  /** `proxy.ssh.public_addr` of the proxy's ping. */
  sshPublicAddr: string;
  /** `proxy.kube.public_addr`. */
  kubePublicAddr?: string;
  /** `proxy.kube.listen_addr`. */
  kubeListenAddr?: string;
  /** The address that the join used: what stands in for a public address that is missing, or that has no port. */
  webAddress: string;
}

const serverNamePrefix = "kube-teleport-proxy-alpn.";

/** What the proxy calls itself where it has no name: for an IP address TLS sends none. */
const namelessHost = "teleport.cluster.local";

/**
 * Tells where Kubernetes clients reach the proxy, and by what TLS server name where the port is shared with everything
 * else (outputs.md section 6.2). Throws `ERR_OUTPUT_KUBERNETES_ADDRESS`.
 */
export function kubernetesAddress(proxy: KubernetesProxy): {
  server: string;
  tlsServerName: string | undefined;
} {
  const web = split(proxy.sshPublicAddr) ?? split(proxy.webAddress);
  const publicAddress = split(proxy.kubePublicAddr);
  const listen = split(proxy.kubeListenAddr);
  if (proxy.tlsRouting && web !== undefined) {
    const port = web.port ?? split(proxy.webAddress)?.port ?? "443";
    const name = isIP(web.host) === 0 ? web.host : namelessHost;
    return { server: url(web.host, port), tlsServerName: `${serverNamePrefix}${name}` };
  }
  if (!proxy.tlsRouting && publicAddress !== undefined) {
    return { server: url(publicAddress.host, publicAddress.port), tlsServerName: undefined };
  }
  if (!proxy.tlsRouting && web !== undefined && listen?.port !== undefined) {
    return { server: url(web.host, listen.port), tlsServerName: undefined };
  }
  throw new OutputError({
    code: "ERR_OUTPUT_KUBERNETES_ADDRESS",
    kind: "cluster",
    message: `The proxy ${proxy.webAddress} does not say where it serves Kubernetes: it has no TLS routing and announces no address for Kubernetes.`,
    hint: "Ask the administrator to enable Kubernetes at the proxy (kube_listen_addr or kube_public_addr), or TLS routing (proxy_listener_mode: multiplex).",
  });
}

interface Address {
  /** An IPv6 address without brackets. */
  host: string;
  port: string | undefined;
}

function split(address: string | undefined): Address | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/@?#[\]]*))(?::(\d{1,5}))?$/.exec(address ?? "");
  const host = match?.[1] ?? match?.[2] ?? "";
  const port = match?.[3];
  // A listener of all addresses has a port alone.
  return host === "" && port === undefined ? undefined : { host, port };
}

function url(host: string, port: string | undefined): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `https://${name}${port === undefined ? "" : `:${port}`}`;
}
