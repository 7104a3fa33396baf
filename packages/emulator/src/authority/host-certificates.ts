import { generateKeyPairSync } from "node:crypto";
import { signOpenSshCertificate } from "@bot-join/formats";
import { buildCertificate } from "../x509/build.ts";
import type { AltNames } from "../x509/extensions.ts";
import { teleportSubject } from "../x509/teleport-subject.ts";
import type { SshAuthority } from "./authority.ts";

const skewMs = 60_000;
const lifetimeMs = 10 * 365 * 86_400_000;
const forever = 2n ** 64n - 1n;

/** Whose certificate a host certificate is. */
export interface HostOptions {
  clusterName: string;
  hostId: string;
  role: "Admin" | "Proxy";
  altNames: AltNames;
  now: Date;
}

/** Issues the X.509 certificate of a Teleport service for a new P-256 key, user-certs.md section 3.3. */
export function issueHostTlsCertificate(
  authority: SshAuthority,
  options: HostOptions,
): { certificatePem: string; privateKeyPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificatePem = buildCertificate({
    subject: teleportSubject({
      username: `${options.hostId}.${options.clusterName}`,
      roles: [options.role],
      logins: [],
      routeToCluster: "",
      traits: "null",
      attributes: { cluster: [options.clusterName] },
    }),
    publicKey,
    issuer: authority,
    notBefore: new Date(options.now.getTime() - skewMs),
    notAfter: new Date(options.now.getTime() + lifetimeMs),
    altNames: options.altNames,
  });
  return { certificatePem, privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
}

/** What an OpenSSH host certificate says. */
export interface HostSshOptions {
  clusterName: string;
  /** Plain blob of the host's key. */
  publicKey: Uint8Array;
  principals: readonly string[];
  role: string;
  now: Date;
  /** Absent: without end. */
  notAfter?: Date;
}

/** Signs an OpenSSH host certificate, user-certs.md section 3.3; gives its line without newline. */
export function issueHostSshCertificate(authority: SshAuthority, options: HostSshOptions): string {
  const { notAfter } = options;
  return signOpenSshCertificate(
    {
      publicKey: options.publicKey,
      serial: 0n,
      kind: "host",
      keyId: "",
      principals: [...new Set(options.principals)],
      validAfter: BigInt(Math.floor((options.now.getTime() - skewMs) / 1000)),
      validBefore: notAfter === undefined ? forever : BigInt(Math.floor(notAfter.getTime() / 1000)),
      criticalOptions: {},
      extensions: { "x-teleport-role": options.role, "x-teleport-authority": options.clusterName },
    },
    authority.sshPrivateKey,
  );
}
