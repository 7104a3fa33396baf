import { isIP } from "node:net";
import { type AuthorityVault, keyOfPem, keyPem } from "../authority/vault.ts";
import type { Cluster } from "../cluster.ts";
import type { Faults } from "../faults.ts";
import { createWebAuthority, issueWebCertificate, type WebAuthority } from "../x509/web-certificate.ts";
import type { ServerIdentities } from "./tls-servers.ts";

const hourMs = 3_600_000;
const apiDomain = "teleport.cluster.local";

function split(names: readonly string[]): { dnsNames: string[]; ipAddresses: string[] } {
  const unique = [...new Set(names)];
  return {
    dnsNames: unique.filter((name) => isIP(name) === 0),
    ipAddresses: unique.filter((name) => isIP(name) !== 0),
  };
}

/** Gives the authority of the web certificate, the same as before where authorities are kept. */
function webAuthorityOf(vault: AuthorityVault | undefined, now: Date): WebAuthority {
  const commonName = "bot-join emulator web CA";
  const stored = vault?.load("web");
  if (stored !== undefined) {
    const made = { privateKey: keyOfPem(stored.tlsKeyPem), certificatePem: stored.tlsCertificatePem };
    return createWebAuthority(commonName, now, made);
  }
  const authority = createWebAuthority(commonName, now);
  vault?.store("web", {
    tlsKeyPem: keyPem(authority.privateKey),
    tlsCertificatePem: authority.certificatePem,
  });
  return authority;
}

/**
 * Issues the certificates that the listener shows. The web one comes from an authority of its own, so that a client
 * which mixes the two up is noticed; a fault makes it one that clients must refuse.
 */
export function createServerIdentities(options: {
  cluster: Cluster;
  publicHost: string;
  now: Date;
  fault: Faults["webCertificate"];
  /** Whether a host name is one of an application. */
  isApplication(host: string): boolean;
}): { identities: ServerIdentities; webCaPem: string } {
  const { cluster, now, fault } = options;
  const hosts = [options.publicHost, "localhost", "127.0.0.1", "::1"];
  const webAuthority = webAuthorityOf(cluster.vault, now);
  const authority = fault === "unknown-ca" ? createWebAuthority("an unknown web CA", now) : webAuthority;
  const issueWeb = (names: readonly string[]): ServerIdentities["web"] =>
    issueWebCertificate({
      authority,
      altNames: split(fault === "wrong-name" ? ["elsewhere.invalid"] : names),
      notBefore: new Date(now.getTime() - 24 * hourMs),
      notAfter: new Date(now.getTime() + (fault === "expired" ? -hourMs : 30 * 24 * hourMs)),
    });
  const web = issueWeb(hosts);
  const ofApplications = new Map<string, ServerIdentities["web"]>();
  const hostNames = split([...hosts, apiDomain, `*.${apiDomain}`]);
  return {
    webCaPem: webAuthority.certificatePem,
    identities: {
      web,
      proxy: cluster.issueHostTls({ role: "Proxy", ...hostNames }),
      auth: cluster.issueHostTls({ role: "Admin", ...hostNames }),
      // One for each name, since a wildcard directly below localhost is refused by most clients.
      ofApplication: (serverName) => {
        if (!options.isApplication(serverName)) return undefined;
        const identity = ofApplications.get(serverName) ?? issueWeb([serverName]);
        ofApplications.set(serverName, identity);
        return identity;
      },
    },
  };
}
