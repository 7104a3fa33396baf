import { generateKeyPairSync } from "node:crypto";
import { isIP } from "node:net";
import { buildCertificate } from "../x509/build.ts";
import { nameOids } from "../x509/name.ts";
import type { Authority } from "./authority.ts";

const skewMs = 60_000;
const clientLifetimeMs = 3_600_000;
const serverLifetimeMs = 90 * 24 * 3_600_000;

/** A certificate with its new private key, both PEM. */
interface IssuedPair {
  certificatePem: string;
  privateKeyPem: string;
}

/** Issues what a database is shown of a user: the common name is the user's. */
export function issueDatabaseClient(authority: Authority, user: string, now: Date): IssuedPair {
  return issue(authority, user, new Date(now.getTime() + clientLifetimeMs), now);
}

/** Issues the certificate of a database server for these names and addresses, good for 90 days. */
export function issueDatabaseServer(authority: Authority, hosts: readonly string[], now: Date): IssuedPair {
  return issue(authority, hosts[0] ?? "", new Date(now.getTime() + serverLifetimeMs), now, hosts);
}

function issue(
  authority: Authority,
  commonName: string,
  notAfter: Date,
  now: Date,
  hosts?: readonly string[],
): IssuedPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificatePem = buildCertificate({
    subject: [[{ oid: nameOids.commonName, value: commonName }]],
    publicKey,
    issuer: authority,
    notBefore: new Date(now.getTime() - skewMs),
    notAfter,
    ...(hosts !== undefined && {
      altNames: {
        dnsNames: hosts.filter((host) => isIP(host) === 0),
        ipAddresses: hosts.filter((host) => isIP(host) !== 0),
      },
    }),
  });
  return { certificatePem, privateKeyPem: String(privateKey.export({ type: "pkcs8", format: "pem" })) };
}
