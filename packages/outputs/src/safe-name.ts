import { OutputError } from "./errors.ts";

/**
 * Checks a name that becomes part of file names, `Host` patterns and known_hosts lines. A cluster's name comes
 * from the network: with a slash, a newline or a `*` in it, it would write elsewhere or vouch for other hosts.
 * Throws `ERR_OUTPUT_NAME_UNSAFE`.
 */
function checkName(what: string, name: string, allowed: RegExp): void {
  if (allowed.test(name)) return;
  throw new OutputError({
    code: "ERR_OUTPUT_NAME_UNSAFE",
    kind: "cluster",
    message: `The ${what} ${JSON.stringify(name)} cannot be used in ssh_config, known_hosts and file names.`,
    hint: `It may hold letters, digits, "-", "_" and "." only, and must begin with a letter or digit.`,
  });
}

/** Checks a cluster name: letters, digits, `-`, `_`, `.`, at most 230 characters. Throws `ERR_OUTPUT_NAME_UNSAFE`. */
export function checkClusterName(name: string): void {
  checkName("cluster name", name, /^[A-Za-z0-9][A-Za-z0-9._-]{0,229}$/);
}

/** Checks a proxy's host: a name as for clusters, or an IPv6 address without brackets. Throws `ERR_OUTPUT_NAME_UNSAFE`. */
export function checkProxyHost(host: string): void {
  checkName("proxy host", host, /^(?:[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/);
}
