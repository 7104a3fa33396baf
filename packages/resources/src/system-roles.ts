/** System roles that a token may name, in their normal spelling. */
const systemRoles = [
  "Admin",
  "App",
  "Auth",
  "Bot",
  "Db",
  "Discovery",
  "Instance",
  "Kube",
  "MDM",
  "Node",
  "Nop",
  "Okta",
  "ProvisionToken",
  "Proxy",
  "RemoteProxy",
  "Signup",
  "Trusted_cluster",
  "WindowsDesktop",
];

const bySpelling: ReadonlyMap<string, string> = new Map([
  ...systemRoles.map((role): [string, string] => [role.toLowerCase(), role]),
  ["windows_desktop", "WindowsDesktop"],
]);

/** Gives the normal spelling of a system role, whatever its case; undefined when there is no such role. */
export function normaliseSystemRole(written: string): string | undefined {
  return bySpelling.get(written.trim().toLowerCase());
}
