import { isIP } from "node:net";
import type { Cluster } from "../cluster.ts";
import type { Faults } from "../faults.ts";
import { createWebAuthority, issueWebCertificate } from "../x509/web-certificate.ts";
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

/**
 * Issues the certificates that the listener shows. The web one comes from an authority of its own, so that a client
 * which mixes the two up is noticed; a fault makes it one that clients must refuse.
 */
export function createServerIdentities(options: {
  cluster: Cluster;
  publicHost: string;
  now: Date;
  fault: Faults["webCertificate"];
}): { identities: ServerIdentities; webCaPem: string } {
  const { cluster, now, fault } = options;
  const hosts = [options.publicHost, "localhost", "127.0.0.1", "::1"];
  const webAuthority = createWebAuthority("bot-join emulator web CA", now);
  const authority = fault === "unknown-ca" ? createWebAuthority("an unknown web CA", now) : webAuthority;
  const web = issueWebCertificate({
    authority,
    altNames: split(fault === "wrong-name" ? ["elsewhere.invalid"] : hosts),
    notBefore: new Date(now.getTime() - 24 * hourMs),
    notAfter: new Date(now.getTime() + (fault === "expired" ? -hourMs : 30 * 24 * hourMs)),
  });
  const hostNames = split([...hosts, apiDomain, `*.${apiDomain}`]);
  return {
    webCaPem: webAuthority.certificatePem,
    identities: {
      web,
      proxy: cluster.issueHostTls({ role: "Proxy", ...hostNames }),
      auth: cluster.issueHostTls({ role: "Admin", ...hostNames }),
    },
  };
}
