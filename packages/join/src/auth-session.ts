import type { Socket } from "node:net";
import {
  AuthService,
  BotInstanceService,
  TrustService,
  WorkloadIdentityIssuanceService,
} from "@bot-join/proto";
import { authAlpn, encodeClusterName, type ProxyDialer, TransportError } from "@bot-join/transport";
import { createGrpcChannel, type GrpcChannel } from "@bot-join/transport/grpc";
import { type Client, createClient } from "@connectrpc/connect";
import type { BotIdentity } from "./bot-identity.ts";

/** Who a session is opened as: the bot, or the bot with some of its roles. */
export type SessionIdentity = Pick<BotIdentity, "identity" | "hostCa" | "tlsCertificate" | "keyPair">;

/** A session of the joined bot with its cluster's Auth Service, through the proxy, on one connection. */
export interface AuthSession {
  auth: Client<typeof AuthService>;
  trust: Client<typeof TrustService>;
  instances: Client<typeof BotInstanceService>;
  workloads: Client<typeof WorkloadIdentityIssuanceService>;
  channel: GrpcChannel;
}

/**
 * Dials the Auth Service through the proxy (user-certs.md section 1.2) over a TCP connection made before, with
 * the host CA as its only trust. Throws a TransportError.
 */
export async function openAuthSession(
  dialer: ProxyDialer,
  tcp: Socket,
  { identity, hostCa, tlsCertificate, keyPair }: SessionIdentity,
): Promise<AuthSession> {
  const { cluster } = identity;
  const serverName = encodeClusterName(cluster);
  const socket = await dialer.openCluster(tcp, {
    alpn: [authAlpn(cluster), "h2"],
    serverName,
    acceptedNames: [serverName],
    hostCa,
    client: { certificatePem: tlsCertificate, privateKeyPem: keyPair.privateKeyPem.reveal() },
  });
  if (socket.alpnProtocol !== "h2") {
    socket.destroy();
    throw new TransportError({
      code: "ERR_TRANSPORT_NOT_TELEPORT",
      kind: "cluster",
      message: `The proxy ${dialer.address} did not route the connection to the Auth Service of ${cluster} (ALPN answer: ${socket.alpnProtocol || "none"}).`,
      hint: "A load balancer in front of the proxy ends TLS itself: it must pass TLS through to the proxy.",
    });
  }
  const channel = createGrpcChannel(socket, serverName);
  return {
    auth: createClient(AuthService, channel.transport),
    trust: createClient(TrustService, channel.transport),
    instances: createClient(BotInstanceService, channel.transport),
    workloads: createClient(WorkloadIdentityIssuanceService, channel.transport),
    channel,
  };
}
