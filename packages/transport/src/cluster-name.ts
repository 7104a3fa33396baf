import { TransportError } from "./errors.ts";

/** The name that every Auth Service and Proxy certificate carries (user-certs.md section 1.1). */
export const apiDomain = "teleport.cluster.local";

/** Longest cluster name, in bytes, whose ALPN entry keeps to the 255 bytes of RFC 7301 section 3.1. */
const maxClusterNameBytes = 109;

/** Encodes a cluster name as one DNS label: lower-case hex of its UTF-8 bytes, then the API domain (user-certs.md section 1.1). */
export function encodeClusterName(cluster: string): string {
  return `${Buffer.from(cluster, "utf8").toString("hex")}.${apiDomain}`;
}

/**
 * Gives the ALPN protocol that routes a connection to a cluster's Auth Service (proxy-transport.md section 1.3).
 * Throws `ERR_TRANSPORT_CLUSTER_NAME` for a name that does not fit into one.
 */
export function authAlpn(cluster: string): string {
  const bytes = Buffer.byteLength(cluster, "utf8");
  if (bytes > maxClusterNameBytes) {
    throw new TransportError({
      code: "ERR_TRANSPORT_CLUSTER_NAME",
      kind: "cluster",
      message: `The Auth Service of cluster ${cluster} cannot be reached through the proxy: its name is ${bytes} bytes long, and an ALPN entry has room for ${maxClusterNameBytes}.`,
      hint: "Every client that uses TLS routing has this limit; a cluster keeps its name for life, so only a new cluster helps.",
    });
  }
  return `teleport-auth@${encodeClusterName(cluster)}`;
}
