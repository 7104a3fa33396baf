import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { BotJoinError } from "@bot-join/core";
import {
  openSshRoute,
  ProxyDialer,
  parseProxyAddress,
  pipeSsh,
  sshTargetHost,
} from "@bot-join/transport/ssh-stream";

/** Flags of `tbot ssh-proxy-command` (outputs.md section 10.5), as far as they matter here. */
export interface SshProxyOptions {
  /** An identity directory that bot-join or tbot wrote. */
  directory: string;
  /** Proxy address. */
  proxy: string;
  /** Undefined means the cluster that issued the identity. */
  cluster: string | undefined;
  /** Host as ssh got it. */
  host: string;
  /** Port as ssh got it; 0 means the node's own. */
  port: string;
}

/** What the process gives: the streams of ssh, its environment, a time limit for reaching the proxy. */
export interface SshProxyStreams {
  input: Readable;
  output: Writable;
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

function unusable(message: string, hint: string, cause?: unknown): BotJoinError {
  return new BotJoinError({ code: "ERR_SSH_PROXY_IDENTITY", kind: "user", message, hint, cause });
}

async function readIdentity(
  directory: string,
): Promise<{ key: string; certificate: string; authorities: string }> {
  const read = (name: string): Promise<string> => readFile(join(directory, name), "utf8");
  try {
    const [key, certificate, authorities] = await Promise.all([
      read("key"),
      read("tlscert"),
      read("teleport-host-ca.crt"),
    ]);
    return { key, certificate, authorities };
  } catch (error) {
    throw unusable(
      `The identity in ${directory} cannot be read: ${error instanceof Error ? error.message : error}.`,
      "Was it removed at the end of an earlier job? Join first, then use the ssh_config of that join.",
      error,
    );
  }
}

/** The cluster that issued a certificate: the organisation of its issuer (user-certs.md section 3.4). */
function issuingCluster(certificate: X509Certificate): string {
  return /^O=(.*)$/m.exec(certificate.issuer)?.[1] ?? "";
}

/** Connects ssh, which started this process as its ProxyCommand, with a node. Resolves when the session is over. */
export async function sshProxyCommand(options: SshProxyOptions, streams: SshProxyStreams): Promise<void> {
  const { key, certificate, authorities } = await readIdentity(options.directory);
  const leaf = new X509Certificate(certificate);
  if (Date.parse(leaf.validTo) <= Date.now()) {
    throw unusable(
      `The identity in ${options.directory} expired at ${new Date(leaf.validTo).toISOString()}.`,
      "Join again, or ask for a longer certificate-ttl.",
    );
  }
  const home = issuingCluster(leaf);
  const hostCa = authorities.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const ownHostCa = hostCa.filter((pem) => issuingCluster(new X509Certificate(pem)) === home);
  const proxy = parseProxyAddress(options.proxy);
  const cluster = options.cluster ?? home;
  const dialer = new ProxyDialer({
    proxy,
    webTrust: { ca: undefined, insecure: false },
    environment: streams.environment,
    signal: streams.signal,
  });
  const socket = await openSshRoute(dialer, {
    cluster: home,
    hostCa: ownHostCa,
    client: { certificatePem: certificate, privateKeyPem: key },
  });
  const host = sshTargetHost(options.host, cluster, proxy.host);
  await pipeSsh({
    socket,
    proxy: dialer.address,
    hostPort: `${host.includes(":") ? `[${host}]` : host}:${options.port}`,
    cluster,
    input: streams.input,
    output: streams.output,
  });
}
