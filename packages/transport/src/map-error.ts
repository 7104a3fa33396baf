import { describeError, isBotJoinError } from "@bot-join/core";
import { TransportError } from "./errors.ts";

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** OpenSSL's messages are a line of file names around the one part that says something. */
function textOf(error: unknown): string {
  return error instanceof Error && "reason" in error && typeof error.reason === "string"
    ? error.reason
    : describeError(error);
}

/** Codes of node:tls for a server certificate that comes from no authority in force. */
const unknownAuthority = new Set([
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "INVALID_CA",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** What to change when the authority is not the matter. */
const certificateHints: ReadonlyMap<string, string> = new Map([
  ["ERR_TLS_CERT_ALTNAME_INVALID", "Use the name that the certificate was issued for as the proxy address."],
  ["CERT_HAS_EXPIRED", "Renew the certificate, or correct the clock of this machine."],
  ["CERT_NOT_YET_VALID", "Correct the clock of this machine."],
]);

/** What to change when nobody vouches for the certificate that a proxy shows to browsers. */
const untrustedWebHint: string =
  "Give the authority that issued it with the input ca-file or the variable NODE_EXTRA_CA_CERTS. " +
  "If the proxy should have a public certificate, find out who answers at this address.";

/** What to change when a service inside the cluster has a certificate of another authority than the host CA. */
export const untrustedClusterHint: string =
  "The host CA of the cluster must have issued it. Either something between ends TLS itself (a load balancer " +
  "must pass it through), or the identity is of another cluster or from before a CA rotation: join again.";

/** Alerts by which a server refuses the client's certificate under TLS 1.2 (RFC 8446 section 6.2 names them too). */
const certificateAlert =
  /ALERT_(BAD_CERTIFICATE|CERTIFICATE_(EXPIRED|REQUIRED|REVOKED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED)/;

/** Tells whether a TLS failure means that no known authority issued the server's certificate. */
export function isUnknownAuthority(error: unknown): boolean {
  return unknownAuthority.has(codeOf(error));
}

/** Gives the error for an aborted attempt: the reason of the signal, a time limit put in words. */
export function abortError(signal: AbortSignal, where: string): unknown {
  const { reason } = signal;
  if (!(reason instanceof DOMException) || reason.name !== "TimeoutError") return reason;
  return new TransportError({
    code: "ERR_TRANSPORT_TIMEOUT",
    kind: "network",
    message: `${where} did not answer in time.`,
    hint: "The runner must be able to open a TCP connection to the proxy; a firewall that drops packets looks like this. Behind an HTTP proxy set HTTPS_PROXY.",
    retryable: true,
    cause: reason,
  });
}

/**
 * Converts a failure of dialling (DNS, TCP, TLS) into the error a person reads. `where` names the other end
 * and begins a sentence.
 */
export function mapDialError(error: unknown, where: string, untrustedHint: string = untrustedWebHint): Error {
  if (isBotJoinError(error)) return error;
  const code = codeOf(error);
  const text = textOf(error);
  if (unknownAuthority.has(code) || certificateHints.has(code)) {
    return new TransportError({
      code: "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED",
      kind: "user",
      message: `${where} showed a certificate that is not trusted: ${text} (${code}).`,
      hint: certificateHints.get(code) ?? untrustedHint,
      cause: error,
    });
  }
  if (certificateAlert.test(code)) {
    return new TransportError({
      code: "ERR_TRANSPORT_CERTIFICATE_REFUSED",
      kind: "denied",
      message: `${where} refused the client certificate: ${text}.`,
      hint: "The certificate has expired, or the cluster no longer knows its authority. Join again, and compare the clocks.",
      cause: error,
    });
  }
  if (/^ERR_SSL|EPROTO|ERR_TLS/.test(code)) {
    return new TransportError({
      code: "ERR_TRANSPORT_NOT_TELEPORT",
      kind: "user",
      message: `${where} does not speak TLS as a Teleport proxy does: ${text}.`,
      hint: "Check host and port: the proxy's web address is meant, usually port 443 or 3080.",
      cause: error,
    });
  }
  if (["ECONNRESET", "EPIPE"].includes(code)) {
    return new TransportError({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      kind: "network",
      message: `${where} closed the connection before TLS was set up.`,
      hint: "Is this a Teleport proxy? It closes without a word what it has no route for, and so does a load balancer that does not pass ALPN through.",
      retryable: true,
      cause: error,
    });
  }
  const refused = code === "ECONNREFUSED" ? "Nothing listens there: check the port. " : "";
  const unknownName = code === "ENOTFOUND" ? "The name does not resolve: check its spelling. " : "";
  return new TransportError({
    code: code === "ETIMEDOUT" ? "ERR_TRANSPORT_TIMEOUT" : "ERR_TRANSPORT_UNREACHABLE",
    kind: "network",
    message: `${where} cannot be reached: ${text}.`,
    hint: `${unknownName}${refused}The runner must be able to open a TCP connection to the proxy; behind an HTTP proxy set HTTPS_PROXY.`,
    retryable: code !== "ENOTFOUND",
    cause: error,
  });
}
