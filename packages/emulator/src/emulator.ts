import type { AddressInfo, Server } from "node:net";
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "@bot-join/core";
import { formatAuthorizedKey } from "@bot-join/formats";
import { AuthService, BotInstanceService, TransportService, TrustService } from "@bot-join/proto";
import type { BotInstance, Resource } from "@bot-join/resources";
import { createAuthorityKeys } from "./authority/authority-keys.ts";
import { Cluster } from "./cluster.ts";
import type { EmulatorEvent as ClusterEvent } from "./events.ts";
import { FaultPlan, type Faults } from "./faults.ts";
import { authRoutes } from "./grpc/auth-services.ts";
import { clientVersionRefusal } from "./grpc/client-version.ts";
import { createGrpcServer } from "./grpc/server.ts";
import { transportRoutes } from "./grpc/transport-service.ts";
import { judgePeer } from "./listener/client-certificate.ts";
import { type ConnectionCounters, Listener, openPort } from "./listener/listener.ts";
import type { RouteName } from "./listener/routes.ts";
import { createServerIdentities } from "./listener/server-identities.ts";
import type { OidcIssuer } from "./oidc/issuer.ts";
import { IssuerDirectory } from "./oidc/issuers.ts";
import { createIdTokenVerifier, fetchFromIssuers } from "./oidc/verifier.ts";
import { profiles, type ServerMajor } from "./profiles/profiles.ts";
import type { EmulatedNode } from "./ssh-transport/nodes.ts";
import { answerWeb } from "./web/handler.ts";
import { spoilJoin } from "./web/join-fault.ts";
import { createLegacyApi } from "./web/legacy-api.ts";
import { createWebServer } from "./web/server.ts";

/** What the emulator tells its owner: what its cluster did, and bugs of its own. */
export type EmulatorEvent = ClusterEvent | { type: "internal-error"; message: string };

/** What a cluster holds, and how it is reached. */
export interface EmulatorOptions {
  clusterName: string;
  /** Which version of the server is emulated. Default `18`. */
  version?: ServerMajor;
  /** Tokens, roles, bots and users that exist from the start. */
  resources: Resource[];
  /** Machines that SSH streams can reach. */
  nodes?: EmulatedNode[];
  clock: Clock;
  /** Address to listen on. Default `127.0.0.1`. */
  listenHost?: string;
  /** Default 0: a free port. */
  port?: number;
  /** Name that clients are told and certificates carry. Default `localhost`. */
  publicHost?: string;
  onEvent?: (event: EmulatorEvent) => void;
  faults?: Faults;
  /** Whether every authority has an RSA key, as in clusters of the suite `legacy`. */
  rsaOnly?: boolean;
  /** Whether the server is an Enterprise build, which takes tokens for GitHub Enterprise and the like. Default false. */
  enterprise?: boolean;
  /**
   * Folder where resources and bot instances are kept as YAML documents, made when it is missing; without one they
   * are gone with the process. `resources` are created or replaced in it at the start.
   */
  stateDirectory?: string;
  /** Names of registered Kubernetes clusters. Default none. */
  kubernetesClusters?: string[];
}

/** A Teleport-compatible cluster on one port of this machine. */
export interface Emulator extends AsyncDisposable {
  /** What clients are given as their proxy, host:port. */
  readonly proxyAddress: string;
  readonly clusterName: string;
  /** PEM of the authority behind the web certificate, which is none of the cluster's own. */
  readonly webCaPem: string;
  /** SSH keys of the user authority as authorized_keys lines, for `TrustedUserCAKeys`. */
  readonly userCaPublicKeys: string[];
  readonly hostCaPublicKeys: string[];
  /** The emulated OIDC issuer of that name; the cluster reaches issuers that were asked for here, and no other. */
  issuer(url: string): OidcIssuer;
  addResources(resources: Resource[]): void;
  addNode(node: EmulatedNode): void;
  /** The bot instances of all bots, or of one; always none where the version has no such thing. */
  botInstances(botName?: string): BotInstance[];
  /** Signs an sshd's host key (RFC 4253 section 6.6 blob) and gives the line for `HostCertificate`. */
  signHostKey(publicKey: Uint8Array, principals: string[]): string;
  setFaults(faults: Faults): void;
  readonly counters: Readonly<ConnectionCounters>;
}

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
    kubernetesClusters: options.kubernetesClusters ?? [],
  });
  cluster.addResources(options.resources);
  const { identities, webCaPem } = createServerIdentities({
    cluster,
    publicHost,
    now: clock.now(),
    fault: faults.peek().webCertificate,
  });

  const serveWeb = createWebServer({
    faults,
    now: () => clock.now(),
    onInternalError,
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
  const nothing = (): void => undefined;
  const serveAuth = createGrpcServer({
    services: [AuthService, TrustService, ...(profile.botInstances ? [BotInstanceService] : [])],
    routes: authRoutes(cluster, onInternalError),
    checkVersion: (version) => clientVersionRefusal(version, profile.oldestClientMajor),
    faults,
  });
  const serveTransport = createGrpcServer({
    services: [TransportService],
    routes: transportRoutes({ clusterName, profile, nodes: () => nodes, faults }, onInternalError),
    faults,
  });
  const serveJoinService = createGrpcServer({ services: [], routes: nothing, faults });

  /** Hands on whom a certificate names; closes on a wrong certificate, or on none where one is required. */
  const authenticated =
    (isRequired: boolean, next: (socket: TLSSocket, certificatePem: string | undefined) => void) =>
    (socket: TLSSocket): void => {
      const authorities = [
        cluster.authorities.user.tlsCertificatePem,
        cluster.authorities.host.tlsCertificatePem,
      ];
      const peer = judgePeer(socket, authorities, clock.now());
      if (peer.state === "certificate") next(socket, peer.certificate.toString());
      else if (peer.state === "anonymous" && !isRequired) next(socket, undefined);
      // The handshake ends properly and then the connection does, as with the real server.
      else socket.destroySoon();
    };
  const serve: Record<RouteName, (socket: TLSSocket) => void> = {
    web: serveWeb,
    "join-grpc": (socket) => serveJoinService(socket, undefined),
    auth: authenticated(false, serveAuth),
    "auth-http": authenticated(false, createLegacyApi()),
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
    signHostKey: (publicKey, principals) => cluster.issueHostSsh(publicKey, principals, "Node"),
    setFaults: (next) => faults.set(next),
    counters: listener.counters,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
