import type { AddressInfo, Server } from "node:net";
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { formatAuthorizedKey } from "@bot-join/formats";
import {
  AuthService,
  BotInstanceService,
  JoinService,
  PresenceService,
  TransportService,
  TrustService,
  WorkloadIdentityIssuanceService,
} from "@bot-join/proto";
import type { ConnectRouter } from "@connectrpc/connect";
import { createAuthorityKeys } from "./authority/authority-keys.ts";
import { Applications } from "./backends/applications.ts";
import { createDatabaseServer } from "./backends/databases.ts";
import { createKubernetesServer } from "./backends/kubernetes.ts";
import { unframed } from "./backends/ping-stream.ts";
import { Cluster } from "./cluster.ts";
import type { Emulator, EmulatorOptions } from "./emulator-options.ts";
import { FaultPlan } from "./faults.ts";
import { authRoutes } from "./grpc/auth-services.ts";
import { clientVersionRefusal } from "./grpc/client-version.ts";
import { joinRoutes } from "./grpc/join-service.ts";
import { createGrpcServer } from "./grpc/server.ts";
import { transportRoutes } from "./grpc/transport-service.ts";
import { judgePeer, type Peer } from "./listener/client-certificate.ts";
import { Listener, openPort } from "./listener/listener.ts";
import type { RouteName } from "./listener/routes.ts";
import { createServerIdentities } from "./listener/server-identities.ts";
import { IssuerDirectory } from "./oidc/issuers.ts";
import { createIdTokenVerifier, fetchFromIssuers } from "./oidc/verifier.ts";
import { profiles } from "./profiles/profiles.ts";
import { answerWeb } from "./web/handler.ts";
import { spoilJoin } from "./web/join-fault.ts";
import { createLegacyApi } from "./web/legacy-api.ts";
import { createWebServer } from "./web/server.ts";

const defaultListenHost = "127.0.0.1";

function authorityLines(authority: { sshPublicKey: Uint8Array }): string[] {
  return [formatAuthorizedKey(authority.sshPublicKey)];
}

/**
 * Starts a cluster that is ready to be joined; dispose it to close its port and every connection.
 * Rejects with `ERR_EMULATOR_LISTEN` when the port cannot be opened, `ERR_EMULATOR_STATE` when the state directory cannot
 * be used, and `ERR_EMULATOR_RESOURCE_REFUSED` for a resource that the server does not take.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const server = await openPort(options.listenHost ?? defaultListenHost, options.port ?? 0);
  try {
    return await startOn(server, options);
  } catch (error) {
    server.close();
    throw error;
  }
}

async function startOn(server: Server, options: EmulatorOptions): Promise<Emulator> {
  const { clock, clusterName } = options;
  const profile = profiles[options.version ?? "18"];
  const publicHost = options.publicHost ?? "localhost";
  const listenHost = options.listenHost ?? defaultListenHost;
  const faults = new FaultPlan(options.faults);
  const issuers = new IssuerDirectory(clock);
  const nodes = [...(options.nodes ?? [])];
  const rsaOnly = options.rsaOnly ?? false;
  const onEvent = options.onEvent ?? (() => undefined);
  const onInternalError = (error: unknown): void => {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    onEvent({ type: "internal-error", message });
  };

  const { port } = server.address() as AddressInfo;
  const hostText = isIP(publicHost) === 6 ? `[${publicHost}]` : publicHost;
  const proxyAddress = `${hostText}:${port}`;

  const authorityKeys = await createAuthorityKeys(profile, rsaOnly);
  const cluster = new Cluster({
    name: clusterName,
    profile,
    clock,
    publicAddress: proxyAddress,
    hostName: publicHost,
    proxyHosts: [publicHost, "localhost", "127.0.0.1"],
    verifyIdToken: createIdTokenVerifier({ fetch: fetchFromIssuers(() => issuers.all()), clock }),
    onEvent,
    rsaOnly,
    enterprise: options.enterprise ?? false,
    ...(options.stateDirectory !== undefined && { stateDirectory: options.stateDirectory }),
    authorityKeys,
    nodes: () => nodes,
  });
  cluster.addResources(options.resources);
  const { identities, webCaPem } = createServerIdentities({
    cluster,
    publicHost,
    now: clock.now(),
    fault: faults.peek().webCertificate,
    isApplication: cluster.access.isApplicationHost,
  });
  const judge = (socket: TLSSocket): Peer =>
    judgePeer(
      socket,
      [cluster.authorities.user.tlsCertificatePem, cluster.authorities.host.tlsCertificatePem],
      clock.now(),
    );
  const applications = new Applications({
    isHost: cluster.access.isApplicationHost,
    find: cluster.access.application,
    judge,
    proxyAddress,
    onInternalError,
  });

  const serveWeb = createWebServer({
    faults,
    now: () => clock.now(),
    onInternalError,
    applications,
    onUpgraded: (socket) => void listener.route(socket, "upgraded"),
    answer: (request) =>
      answerWeb(request, {
        discovery: {
          clusterName,
          profile,
          publicAddress: proxyAddress,
          listenAddress: `${isIP(listenHost) === 6 ? `[${listenHost}]` : listenHost}:${port}`,
          rsaOnly,
          enterprise: options.enterprise ?? false,
        },
        join: async (body, remoteAddress) =>
          spoilJoin(await cluster.join(body, remoteAddress), faults.take("joinContent"), clock.now()),
      }),
  });
  const joinServices = profile.joinServiceMethods === undefined ? [] : [JoinService];
  const joinService = (via: "proxy" | "auth"): ((router: ConnectRouter) => void) =>
    joinRoutes(
      cluster,
      { via, spoil: (answer) => spoilJoin(answer, faults.take("joinContent"), clock.now()) },
      onInternalError,
    );
  const serveAuth = createGrpcServer({
    services: [
      ...joinServices,
      AuthService,
      TrustService,
      ...(profile.botInstances ? [BotInstanceService] : []),
      ...(profile.presenceService ? [PresenceService] : []),
      ...(profile.workloadIdentities ? [WorkloadIdentityIssuanceService] : []),
    ],
    routes: (router) => {
      authRoutes(cluster, onInternalError)(router);
      joinService("auth")(router);
    },
    checkVersion: (version) => clientVersionRefusal(version, profile.oldestClientMajor),
    faults,
  });
  const serveTransport = createGrpcServer({
    services: [TransportService],
    routes: transportRoutes(
      {
        clusterName,
        profile,
        nodes: () => cluster.nodes(),
        mayReachLeaf: (leaf, certificatePem) => cluster.mayReachLeaf(leaf, certificatePem),
        faults,
      },
      onInternalError,
    ),
    faults,
  });
  const serveJoinService = createGrpcServer({
    services: joinServices,
    routes: joinService("proxy"),
    faults,
  });

  /** Hands on whom a certificate names; closes on a wrong certificate, or on none where one is required. */
  const authenticated =
    (isRequired: boolean, next: (socket: TLSSocket, certificatePem: string | undefined) => void) =>
    (socket: TLSSocket): void => {
      const peer = judge(socket);
      if (peer.state === "certificate") next(socket, peer.certificate.toString());
      else if (peer.state === "anonymous" && !isRequired) next(socket, undefined);
      // The handshake ends properly and then the connection does, as with the real server.
      else socket.destroySoon();
    };
  const serveDatabases = createDatabaseServer({ judge, find: cluster.access.database, onInternalError });
  const serve: Record<RouteName, (socket: TLSSocket) => void> = {
    web: serveDatabases.orElse(serveWeb),
    "join-grpc": (socket) => serveJoinService(socket, undefined),
    auth: authenticated(false, serveAuth),
    "auth-http": authenticated(
      false,
      createLegacyApi({
        clusterName,
        authenticate: (certificatePem) => cluster.authenticate(certificatePem),
        leafClusters: cluster.rpc.leafClusters,
        hostCertificate: cluster.rpc.legacyHostCertificate,
        onInternalError,
      }),
    ),
    kube: authenticated(true, createKubernetesServer(cluster.access.kubernetes, onInternalError)),
    "tcp-app": authenticated(true, (socket, certificatePem = "") => {
      void applications.serveTcp(unframed(socket), certificatePem);
    }),
    database: serveDatabases.orElse((socket) => void listener.routeDatabase(unframed(socket))),
    "database-tls": serveDatabases.orElse((socket) => socket.destroy()),
    transport: authenticated(true, serveTransport),
    // Negotiable, so that a probe sees that ALPN passes (proxy-transport.md section 2.1); nothing speaks SSH here.
    "reverse-tunnel": (socket) => socket.end(),
  };
  const listener = new Listener(server, {
    clusterName,
    answersTransportAlpn: profile.answersTransportAlpn,
    identities,
    faults,
    sleep: (ms) => clock.sleep(ms),
    serve: (route, socket) => serve[route](socket),
  });

  return {
    proxyAddress,
    clusterName,
    webCaPem,
    userCaPublicKeys: authorityLines(cluster.authorities.user),
    hostCaPublicKeys: authorityLines(cluster.authorities.host),
    issuer: (url) => issuers.get(url),
    addResources: (resources) => cluster.addResources(resources),
    botInstances: (botName) => cluster.listBotInstances(botName),
    addNode: (node) => void nodes.push(node),
    signHostKey: (publicKey, principals, leaf) => cluster.issueHostSsh(publicKey, principals, "Node", leaf),
    issueDatabaseCertificate: (hosts) => cluster.issueDatabase(hosts),
    setFaults: (next) => faults.set(next),
    counters: listener.counters,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
