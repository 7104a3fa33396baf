import { isIP } from "node:net";
import { TransportError } from "./errors.ts";

/** A host and a port. `host` of an IPv6 address has no brackets. */
export interface HostPort {
  host: string;
  port: number;
}

/** The port of a proxy address that names none. */
export const defaultProxyPort = 443;

/** Schemes that Teleport accepts in front of a proxy address (join.md section 1.3). */
const acceptedSchemes = new Set(["https", "http", "tcp"]);

function invalid(text: string, why: string): TransportError {
  // What stands in front of an @ may be a password.
  const shown = text.replace(/^.*@/s, "…@");
  return new TransportError({
    code: "ERR_TRANSPORT_ADDRESS",
    kind: "user",
    message: `The proxy address "${shown}" ${why}.`,
    hint: "Write host:port, as in example.teleport.sh:443.",
  });
}

/**
 * Reads `host`, `host:port`, `[ipv6]:port` or a URL without a path (join.md section 1.3); no port means 443.
 * Throws `ERR_TRANSPORT_ADDRESS`.
 */
export function parseProxyAddress(text: string): HostPort {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  if (scheme && !acceptedSchemes.has((scheme[1] ?? "").toLowerCase())) {
    throw invalid(text, `has the scheme "${scheme[1]}" instead of https`);
  }
  const rest = text.slice(scheme?.[0].length ?? 0).replace(/\/$/, "");
  if (rest.includes("/")) throw invalid(text, "has a path");
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::([^:]*))?$/.exec(rest);
  const host = parts?.[1] ?? parts?.[2] ?? "";
  if (parts === null || host === "" || (parts[1] !== undefined && isIP(parts[1]) !== 6)) {
    throw invalid(text, isIP(rest) === 6 ? "is an IPv6 address without brackets" : "is not host:port");
  }
  if (!/^[A-Za-z0-9._:-]+$/.test(host))
    throw invalid(text, `has a host name with other signs than a-z, 0-9, "-" and "."`);
  const port = parts[3] === undefined ? defaultProxyPort : Number(parts[3]);
  if (!/^\d{1,5}$/.test(parts[3] ?? "443") || port < 1 || port > 65535) {
    throw invalid(text, `has the port "${parts[3]}"; a port is a number from 1 to 65535`);
  }
  return { host, port };
}

/** Writes `host:port`, an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
