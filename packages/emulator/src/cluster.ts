import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import type { Clock } from "@bot-join/core";
import type { JoinRequest, JoinResponse } from "@bot-join/proto";
import type { BotInstance, Resource } from "@bot-join/resources";
import { type ClusterAccess, createAccess } from "./access/access.ts";
import { authenticate } from "./auth/authenticate.ts";
import { mayAccessLeaf } from "./auth/may-access.ts";
import { type AuthorityKeys, leafAuthorityKeys } from "./authority/authority-keys.ts";
import { AuthoritySet } from "./authority/authority-set.ts";
import { issueDatabaseServer } from "./authority/database-certificates.ts";
import { issueHostSshCertificate, issueHostTlsCertificate } from "./authority/host-certificates.ts";
import type { AuthorityVault } from "./authority/vault.ts";
import type { UserCaller } from "./caller.ts";
import { type ClusterRpc, createRpc } from "./cluster-rpc.ts";
import type { ClusterContext, IdTokenVerifier } from "./context.ts";
import type { EmulatorEvent } from "./events.ts";
import type { JoinAnswer } from "./join/bot-certificates.ts";
import { handleJoin } from "./join/join.ts";
import { type JoinStreamOptions, joinStream } from "./join/join-stream.ts";
import type { VersionProfile } from "./profiles/version-profile.ts";
import { type EmulatedNode, leafNodes } from "./ssh-transport/nodes.ts";
import type { ClusterState } from "./state/cluster-state.ts";
import { openState } from "./state/open-state.ts";

/** What a cluster is made of. */
export interface ClusterOptions {
  name: string;
  profile: VersionProfile;
  clock: Clock;
  /** `host:port` of the proxy. */
  publicAddress: string;
  /** Name of the machine that the services run on. */
  hostName: string;
  /** Names and addresses under which the proxy is reached. */
  proxyHosts: string[];
  verifyIdToken: IdTokenVerifier;
  onEvent?: (event: EmulatorEvent) => void;
  /**
   * Whether the cluster is a FIPS one before 17: its authorities have RSA keys, and it certifies nothing else.
   * Default false.
   */
  rsaOnly?: boolean;
  /** Whether the server is an Enterprise build. Default false. */
  enterprise?: boolean;
  /** Keys of the authorities, made before by `createAuthorityKeys`; others are made on first use. */
  authorityKeys?: Partial<AuthorityKeys>;
  /** Folder where resources and bot instances are kept; without one they are gone with the process. */
  stateDirectory?: string;
  /** The machines that SSH streams can reach. Default none. */
  nodes?: () => readonly EmulatedNode[];
}

const apiDomain = "teleport.cluster.local";

/** A cluster's rules and memory: functions of a request, the stored state and the clock, without any socket. */
export class Cluster {
  readonly profile: VersionProfile;
  readonly authorities: AuthoritySet;
  readonly rpc: ClusterRpc;
  readonly access: ClusterAccess;
  /** Where authorities are kept beyond the process, if anywhere. */
  readonly vault: AuthorityVault | undefined;
  readonly #options: ClusterOptions;
  readonly #state: ClusterState;
  readonly #context: ClusterContext;
  readonly #hostId: string = randomUUID();

  constructor(options: ClusterOptions) {
    const { name, profile, clock, publicAddress, verifyIdToken, rsaOnly = false } = options;
    this.#options = options;
    this.profile = profile;
    const emit = options.onEvent ?? (() => undefined);
    const { state, directory } = openState({
      profile,
      clock,
      enterprise: options.enterprise ?? false,
      stateDirectory: options.stateDirectory,
      emit,
    });
    this.#state = state;
    this.vault = directory?.authorities(name);
    this.authorities = new AuthoritySet({
      clusterName: name,
      profile,
      clock,
      rsaOnly,
      keys: options.authorityKeys ?? {},
      vault: this.vault,
    });
    const leaves = new Map<string, AuthoritySet>();
    const leafAuthorities = (leaf: string): AuthoritySet => {
      const known = leaves.get(leaf);
      if (known !== undefined) return known;
      const leafVault = directory?.leafAuthorities(leaf);
      const made = new AuthoritySet({
        clusterName: leaf,
        profile,
        clock,
        rsaOnly,
        keys: leafAuthorityKeys(profile, rsaOnly),
        vault: leafVault,
      });
      leaves.set(leaf, made);
      return made;
    };
    const context: ClusterContext = {
      name,
      profile,
      clock,
      state,
      authorities: this.authorities,
      leafAuthorities,
      nodes: () => this.nodes(),
      hostName: options.hostName,
      hostId: this.#hostId,
      publicAddress,
      verifyIdToken,
      rsaOnly,
      emit,
    };
    this.#context = context;
    this.rpc = createRpc(context);
    this.access = createAccess(context);
  }

  /** Creates or replaces resources; throws `ERR_EMULATOR_RESOURCE_REFUSED` for what this version does not take. */
  addResources(resources: Resource[]): void {
    this.#state.addResources(resources);
  }

  /** The machines that SSH streams can reach, those of leaf clusters included. */
  nodes(): EmulatedNode[] {
    this.#state.refresh();
    const own = this.#options.nodes?.() ?? [];
    return [...own, ...leafNodes(this.#state.targets.remoteClusters.values())];
  }

  /** Whether the owner of a certificate may use a leaf cluster; throws a Refusal for one who may use nothing. */
  mayReachLeaf(name: string, certificatePem: string): boolean {
    const leaf = this.#state.targets.remoteClusters.get(name);
    return leaf !== undefined && mayAccessLeaf(this.#context, this.authenticate(certificatePem), leaf);
  }

  /** The bot instances of all bots, or of one (bot-instance.md section 2). */
  listBotInstances(botName?: string): BotInstance[] {
    return this.#state.botInstances.list(botName);
  }

  /** Answers the decoded JSON body of `POST host/credentials`; rejects with a Refusal. */
  join(request: unknown, remoteAddress: string): Promise<JoinAnswer> {
    this.#state.refresh();
    return handleJoin(this.#context, request, remoteAddress);
  }

  /** Answers one attempt to join over `teleport.join.v1`; throws a Refusal. */
  joinStream(requests: AsyncIterable<JoinRequest>, options: JoinStreamOptions): AsyncGenerator<JoinResponse> {
    this.#state.refresh();
    return joinStream(this.#context, requests, options);
  }

  /**
   * Tells who a client certificate, which TLS has verified, stands for; throws a Refusal. A usage, such as `usage:kube`,
   * admits certificates that are restricted to it.
   */
  authenticate(certificatePem: string, usage?: string): UserCaller {
    this.#state.refresh();
    return authenticate(this.#context, certificatePem, usage);
  }

  /** Issues the certificate of one of the cluster's own services, with the names that every such one has. */
  issueHostTls(options: { role: "Admin" | "Proxy"; dnsNames: string[]; ipAddresses: string[] }): {
    certificatePem: string;
    privateKeyPem: string;
  } {
    const { name, hostName, proxyHosts, clock } = this.#options;
    const ofProxy = options.role === "Proxy";
    const publicHosts = proxyHosts.filter((host) => isIP(host) === 0 && host !== "localhost");
    const dnsNames = [
      hostName,
      ...options.dnsNames,
      ...(ofProxy ? ["localhost", `remote.kube.proxy.${apiDomain}`] : []),
      `*.${apiDomain}`,
      apiDomain,
      ...(ofProxy ? publicHosts.map((host) => `*.${host}`) : []),
      // Clients refuse a wildcard directly below localhost.
      ...(ofProxy && hostName === "localhost" ? ["kube-teleport-proxy-alpn.localhost"] : []),
    ];
    return issueHostTlsCertificate(this.authorities.host, {
      clusterName: name,
      hostId: this.#hostId,
      role: options.role,
      altNames: { dnsNames: [...new Set(dnsNames)], ipAddresses: options.ipAddresses },
      now: clock.now(),
    });
  }

  /** Issues the certificate of a database server, and gives the authority of what it will be shown. */
  issueDatabase(hosts: string[]): { certificatePem: string; privateKeyPem: string; clientCaPem: string } {
    const issued = issueDatabaseServer(this.authorities.db, hosts, this.#options.clock.now());
    return { ...issued, clientCaPem: this.authorities.dbClient.tlsCertificatePem };
  }

  /** Signs a host key (plain blob) of an sshd, in a leaf cluster if one is named; gives the authorized_keys line. */
  issueHostSsh(publicKey: Uint8Array, principals: string[], role: string, leaf?: string): string {
    const { name, clock } = this.#options;
    const authorities = leaf === undefined ? this.authorities : this.#context.leafAuthorities(leaf);
    return issueHostSshCertificate(authorities.host, {
      clusterName: leaf ?? name,
      publicKey,
      principals,
      role,
      now: clock.now(),
    });
  }
}
