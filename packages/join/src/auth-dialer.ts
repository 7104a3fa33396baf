import type { Socket } from "node:net";
import { authAlpn, encodeClusterName, type ProxyDialer, postJson } from "@bot-join/transport";
import type { GrpcChannel } from "@bot-join/transport/grpc";
import { openAuthSession } from "./auth-session.ts";
import type { AuthDialer } from "./impersonation.ts";

/** What the HTTP API is called; every certificate of the Auth Service holds the name (user-certs.md section 3.3). */
const apiHost = "teleport.cluster.local";

/** What opens connections through one proxy. */
export interface AuthDialerOptions {
  dialer: ProxyDialer;
  openTcp: () => Promise<Socket>;
  /** Gets every channel, to close it at the end. */
  keep: (channel: GrpcChannel) => void;
  signal: AbortSignal;
}

/** Makes what opens further connections to the Auth Service; whoever made the dialer closes them. */
export function createAuthDialer({ dialer, openTcp, keep, signal }: AuthDialerOptions): AuthDialer {
  return {
    openTcp,
    async openSession(tcp, identity) {
      const session = await openAuthSession(dialer, tcp, identity);
      keep(session.channel);
      return session;
    },
    async postJson(tcp, { identity, hostCa, tlsCertificate, keyPair }, path, body) {
      const serverName = encodeClusterName(identity.cluster);
      const socket = await dialer.openCluster(tcp, {
        alpn: [authAlpn(identity.cluster), "http/1.1"],
        serverName,
        acceptedNames: [serverName],
        hostCa,
        client: { certificatePem: tlsCertificate, privateKeyPem: keyPair.privateKeyPem.reveal() },
      });
      return postJson(socket, { host: apiHost, path, body: JSON.stringify(body), signal });
    },
  };
}
