import { BlockList, isIP } from "node:net";
import type { HostPort } from "./address.ts";

/** Tells whether an address lies in a range; `prefix` undefined means the one address `ip`. */
function inRange(host: string, ip: string, prefix: string | undefined): boolean {
  const family = isIP(ip) === 4 ? "ipv4" : "ipv6";
  const bits = family === "ipv4" ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (isIP(host) !== isIP(ip) || length > bits) return false;
  const range = new BlockList();
  range.addSubnet(ip, length, family);
  return range.check(host, family);
}

/** Splits an optional `:port` off an entry; an IPv6 address has a port only behind brackets. */
function splitEntry(entry: string): { pattern: string; port: string | undefined } {
  const [, bracketed, name, port] = /^(?:\[(.+)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  return { pattern: bracketed ?? name ?? entry, port };
}

function matchesEntry(entry: string, target: HostPort): boolean {
  if (entry === "*") return true;
  const { pattern, port } = splitEntry(entry);
  if (port !== undefined && Number(port) !== target.port) return false;
  const [, ip = "", prefix] = /^([0-9a-f.:]+)(?:\/(\d+))?$/i.exec(pattern) ?? [];
  if (isIP(ip) !== 0) return inRange(target.host, ip, prefix);
  const host = target.host.toLowerCase();
  const name = pattern.toLowerCase().replace(/^\*\./, ".");
  return name.startsWith(".") ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}

/** Tells whether a host is this machine, which is never reached through an HTTP proxy. */
export function isLoopback(host: string): boolean {
  return (
    host.toLowerCase() === "localhost" || inRange(host, "127.0.0.0", "8") || inRange(host, "::1", undefined)
  );
}

/**
 * Tells whether a `NO_PROXY` list names a target (proxy-transport.md section 3): `*`, addresses, address
 * ranges, `name` for itself and its subdomains, `.name` and `*.name` for subdomains alone, each with an
 * optional port. An entry that is none of these matches nothing.
 */
export function isExempt(noProxy: string, target: HostPort): boolean {
  return noProxy
    .split(",")
    .map((entry) => entry.trim())
    .some((entry) => entry !== "" && matchesEntry(entry, target));
}
