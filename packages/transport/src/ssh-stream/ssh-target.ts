/**
 * Turns the host that `ssh` was given into the name that the proxy knows: the suffixes `.<proxy host>` and
 * `.<cluster>` come off in any case of letters, since the proxy does not strip them (proxy-transport.md
 * section 4.4, measured-14.2.0.md section 6). The longer one goes first: a leaf cluster may be named below
 * the proxy's own host, or the other way round.
 */
export function sshTargetHost(host: string, cluster: string, proxyHost: string): string {
  const suffixes = [...new Set([proxyHost.toLowerCase(), cluster.toLowerCase()])];
  suffixes.sort((a, b) => b.length - a.length);
  let name = host;
  for (const suffix of suffixes) {
    const bare = name.slice(0, -suffix.length - 1);
    if (suffix !== "" && bare !== "" && name.toLowerCase().endsWith(`.${suffix}`)) name = bare;
  }
  return name;
}
