import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import type { Clock } from "@bot-join/core";
import type {
  CertAuthorityV2,
  Certs,
  GetCertAuthoritiesRequest,
  GetCertAuthoritiesResponse,
  GetCertAuthorityRequest,
  GetClusterCACertResponse,
  GetRoleRequest,
  GetUserRequest,
  PingRequest,
  PingResponse,
  RoleV6,
  SubmitHeartbeatRequest,
  SubmitHeartbeatResponse,
  UserCertsRequest,
  UserV2,
} from "@bot-join/proto";
import type { BotInstance, Resource } from "@bot-join/resources";
import type { Empty } from "@bufbuild/protobuf/wkt";
import { authenticate } from "./auth/authenticate.ts";
import { authorize } from "./auth/authorize.ts";
import { generateUserCerts } from "./auth/generate-user-certs.ts";
import { getCertAuthorities, getCertAuthority } from "./auth/read-authorities.ts";
import { getClusterCaCert, getRole, getUser, ping } from "./auth/read-resources.ts";
import { submitHeartbeat } from "./auth/submit-heartbeat.ts";
import type { AuthorityKeys } from "./authority/authority-keys.ts";
import { AuthoritySet } from "./authority/authority-set.ts";
import { issueHostSshCertificate, issueHostTlsCertificate } from "./authority/host-certificates.ts";
import type { AuthorityVault } from "./authority/vault.ts";
import type { Caller } from "./caller.ts";
import type { ClusterContext, IdTokenVerifier } from "./context.ts";
import type { EmulatorEvent } from "./events.ts";
import type { JoinAnswer } from "./join/bot-certificates.ts";
import { handleJoin } from "./join/join.ts";
import type { VersionProfile } from "./profiles/version-profile.ts";
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
  /** Kubernetes clusters that are registered. Default none. */
  kubernetesClusters?: readonly string[];
}

/** A handler of one RPC: throws a Refusal instead of an answer. */
type RpcHandler<Request, Answer> = (caller: Caller, request: Request) => Answer;

/** The RPCs of the Auth Service that a bot meets (user-certs.md section 2). */
export interface ClusterRpc {
  ping: RpcHandler<PingRequest, PingResponse>;
  getRole: RpcHandler<GetRoleRequest, RoleV6>;
  getUser: RpcHandler<GetUserRequest, UserV2>;
  getClusterCACert: RpcHandler<Empty, GetClusterCACertResponse>;
  getCertAuthority: RpcHandler<GetCertAuthorityRequest, CertAuthorityV2>;
  getCertAuthorities: RpcHandler<GetCertAuthoritiesRequest, GetCertAuthoritiesResponse>;
  generateUserCerts: RpcHandler<UserCertsRequest, Certs>;
  submitHeartbeat: RpcHandler<SubmitHeartbeatRequest, SubmitHeartbeatResponse>;
}

const apiDomain = "teleport.cluster.local";

/** A cluster's rules and memory: functions of a request, the stored state and the clock, without any socket. */
export class Cluster {
  readonly profile: VersionProfile;
  readonly authorities: AuthoritySet;
  readonly rpc: ClusterRpc;
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
    for (const cluster of options.kubernetesClusters ?? []) state.kubernetesClusters.add(cluster);
    const context: ClusterContext = {
      name,
      profile,
      clock,
      state,
      authorities: this.authorities,
      publicAddress,
      verifyIdToken,
      rsaOnly,
      emit,
    };
    this.#context = context;
    this.rpc = createRpc(context);
  }

  /** Creates or replaces resources; throws `ERR_EMULATOR_RESOURCE_REFUSED` for what this version does not take. */
  addResources(resources: Resource[]): void {
    this.#state.addResources(resources);
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

  /** Tells who a client certificate, which TLS has verified, stands for; throws a Refusal. */
  authenticate(certificatePem: string): Caller {
    this.#state.refresh();
    return authenticate(this.#context, certificatePem);
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
    ];
    return issueHostTlsCertificate(this.authorities.host, {
      clusterName: name,
      hostId: this.#hostId,
      role: options.role,
      altNames: { dnsNames: [...new Set(dnsNames)], ipAddresses: options.ipAddresses },
      now: clock.now(),
    });
  }

  /** Signs a host key (plain blob) of an sshd and gives the certificate's authorized_keys line. */
  issueHostSsh(publicKey: Uint8Array, principals: string[], role: string): string {
    const { name, clock } = this.#options;
    return issueHostSshCertificate(this.authorities.host, {
      clusterName: name,
      publicKey,
      principals,
      role,
      now: clock.now(),
    });
  }
}

function createRpc(context: ClusterContext): ClusterRpc {
  const authorized =
    <Request, Answer>(
      handler: (context: ClusterContext, caller: Caller, request: Request) => Answer,
    ): RpcHandler<Request, Answer> =>
    (caller, request) => {
      authorize(context.state, caller);
      return handler(context, caller, request);
    };
  return {
    ping: authorized(ping),
    getRole: authorized(getRole),
    getUser: authorized(getUser),
    getClusterCACert: authorized(getClusterCaCert),
    getCertAuthority: authorized(getCertAuthority),
    getCertAuthorities: authorized(getCertAuthorities),
    generateUserCerts: authorized(generateUserCerts),
    submitHeartbeat: authorized(submitHeartbeat),
  };
}
