import type { IncomingHttpHeaders } from "node:http2";
import { TransportError } from "../errors.ts";

/** What an outcome is about. */
export interface SshDial {
  /** `host:port` of the proxy. */
  proxy: string;
  /** The node as the proxy knows it, `host:port`, an IPv6 host in brackets; port 0 means the node's own. */
  hostPort: string;
  cluster: string;
}

/** How the server ended a call (the gRPC over HTTP/2 document, "Status"). */
export interface GrpcStatus {
  code: number;
  message: string;
}

/** gRPC status codes (grpc.io, "Status codes") that say something about the node or the identity. */
const hints: Readonly<Record<number, string>> = {
  3: "Check the host and port given to ssh.",
  5: "Check the cluster and the host name; `tsh ls` shows the nodes that this identity can see.",
  7: "The roles of this identity do not allow this node or cluster.",
  14: "Check the host name: the node is unknown to the cluster or offline. `tsh ls` shows the nodes that this identity can see.",
};

/** Reads the status from trailers, or from the headers of an answer that has nothing else; undefined when there is none. */
export function readGrpcStatus(headers: IncomingHttpHeaders): GrpcStatus | undefined {
  const code = headers["grpc-status"];
  if (code === undefined) return undefined;
  let message = String(headers["grpc-message"] ?? "");
  try {
    message = decodeURIComponent(message);
  } catch {
    // Not percent-encoded after all: shown as it came.
  }
  return { code: Number(code), message: message.replace(/\s+/g, " ").trim() };
}

/** Makes the error for a node that the proxy did not reach. */
export function refusedError({ proxy, hostPort, cluster }: SshDial, status: GrpcStatus): TransportError {
  return new TransportError({
    code: "ERR_TRANSPORT_SSH_REFUSED",
    kind: status.code === 7 ? "denied" : "cluster",
    message: `The proxy ${proxy} did not connect to ${hostPort} in cluster ${cluster}: ${status.message || "no reason given"} (gRPC status ${status.code}).`,
    hint: hints[status.code] ?? "Look at the proxy's log.",
    details: { status: status.code },
  });
}

/** Makes the error for a proxy that neither reached the node nor refused in time. */
export function noAnswerError({ proxy, hostPort }: SshDial, timeoutMs: number): TransportError {
  return new TransportError({
    code: "ERR_TRANSPORT_TIMEOUT",
    kind: "network",
    message: `The proxy ${proxy} did not say within ${timeoutMs / 1000} s whether it reaches ${hostPort}.`,
    hint: "The node may be behind a firewall that drops packets. Look at the proxy's log, or try again.",
    retryable: true,
  });
}

/** Makes the error for a connection that ended before the proxy said anything. */
export function hungUpError({ proxy, hostPort }: SshDial, cause?: unknown): TransportError {
  return new TransportError({
    code: "ERR_TRANSPORT_CERTIFICATE_REFUSED",
    kind: "denied",
    message: `The proxy ${proxy} ended the connection before it reached ${hostPort}${cause instanceof Error ? ` (${cause.message})` : ""}.`,
    hint: "It does so for a certificate that has expired or that it does not know. Join again, then retry.",
    cause,
  });
}

/** Makes the error for a session that was cut: by the proxy with a reason, or by the network without. */
export function cutError({ proxy, hostPort }: SshDial, status?: GrpcStatus): TransportError {
  const reason =
    status === undefined
      ? "the connection was lost"
      : `${status.message || "no reason given"} (gRPC status ${status.code})`;
  return new TransportError({
    code: "ERR_TRANSPORT_CONNECTION_LOST",
    kind: "network",
    message: `The session with ${hostPort} through the proxy ${proxy} was cut: ${reason}.`,
    hint: "The proxy cuts sessions that are idle for too long, locked, or whose certificate expires; a restart of the proxy does too.",
    ...(status === undefined ? {} : { details: { status: status.code } }),
  });
}

/** Makes the error for an answer that is no gRPC, or no answer of ProxySSH. */
export function notProxySshError({ proxy }: SshDial, what: string, cause?: unknown): TransportError {
  return new TransportError({
    code: "ERR_TRANSPORT_ANSWER_INVALID",
    kind: "cluster",
    message: `The proxy ${proxy} answered the SSH call with something that is not Teleport's SSH transport: ${what}.`,
    hint: "A load balancer that ends TLS itself must pass TLS through to the proxy; Teleport before 12 has no such transport.",
    cause,
  });
}
