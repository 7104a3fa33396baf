import type { Clock } from "@bot-join/core";
import type { BotInstance, Resource } from "@bot-join/resources";
import type { EmulatorEvent as ClusterEvent } from "./events.ts";
import type { Faults } from "./faults.ts";
import type { ConnectionCounters } from "./listener/listener.ts";
import type { OidcIssuer } from "./oidc/issuer.ts";
import type { ServerMajor } from "./profiles/profiles.ts";
import type { EmulatedNode } from "./ssh-transport/nodes.ts";

/** What the emulator tells its owner: what its cluster did, and bugs of its own. */
export type EmulatorEvent = ClusterEvent | { type: "internal-error"; message: string };

/** What a cluster holds, and how it is reached. */
export interface EmulatorOptions {
  clusterName: string;
  /** Which version of the server is emulated. Default `18`. */
  version?: ServerMajor;
  /** Tokens, roles, bots and users that exist from the start, and what can be reached through the cluster. */
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
}

/** What a database server is configured with; all PEM. */
interface DatabaseServerCertificate {
  certificatePem: string;
  privateKeyPem: string;
  /** The authority of the certificates that the cluster shows it. */
  clientCaPem: string;
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
  /**
   * Signs an sshd's host key (RFC 4253 section 6.6 blob), by the authority of a leaf cluster if one is named, and gives
   * the line for `HostCertificate`.
   */
  signHostKey(publicKey: Uint8Array, principals: string[], leaf?: string): string;
  /** Issues what a database server needs to be reached through the cluster. */
  issueDatabaseCertificate(hosts: string[]): DatabaseServerCertificate;
  setFaults(faults: Faults): void;
  readonly counters: Readonly<ConnectionCounters>;
}
