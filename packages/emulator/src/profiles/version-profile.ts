import type { RefusalClass } from "../refusal.ts";

/** The kinds of key that authorities have. */
export type KeyKind = "rsa-2048" | "p256" | "ed25519";

/** The certificate authorities that the emulator keeps. */
export type AuthorityType = "host" | "user" | "db" | "db_client" | "spiffe";

/** A key of `/webapi/ping` or `/webapi/find` that came or went with a version. */
export type DiscoveryKey =
  | "assist_enabled"
  | "device_trust_disabled"
  | "dial_timeout"
  | "auto_update"
  | "edition"
  | "fips";

/** What a text of a refused join may name. */
interface JoinAttempt {
  nodeName: string;
  hostId: string;
  role: string;
}

/** What a text about a generation mismatch may name; the instance is known from profile 16 on. */
interface GenerationMismatch {
  botName: string;
  instanceId: string;
  /** A number, or undefined when the instance record is gone. */
  stored: number | undefined;
  presented: number;
}

/**
 * What one version of the server does where versions differ: a row per fact. The emulator never compares versions,
 * it reads these fields, so that another version is another table. Source: profiles.md, unless a field says otherwise.
 */
export interface VersionProfile {
  readonly major: 14 | 15 | 16 | 17 | 18;
  readonly serverVersion: string;
  /** `min_client_version` of the web API (join.md section 1.2). */
  readonly minClientVersion: string;
  /** Join methods that the server knows but offers over other transports only (join.md section 14). */
  readonly otherJoinMethods: readonly string[];
  /** Join methods that `teleport.join.v1` takes; absent where there is no such service (profiles.md "transport C"). */
  readonly joinServiceMethods?: readonly string[];
  /** Keys of a join method's block that only later versions have; they are ignored. */
  readonly laterBlockKeys: Readonly<Record<string, readonly string[]>>;
  /** Which library judges the ID tokens of a join method (id-tokens.md sections 1.2 and 1.3). */
  idTokenLibrary(joinMethod: string): "generation-a" | "generation-b";
  /** How the library that reads a static JWKS calls itself in its errors. */
  readonly joseName: string;
  /** Whether the ID token is looked at before the token's expiry and roles. */
  readonly joinOrder: "proof-first" | "token-first";
  /** How a missing ID token is refused (join.md section 7.4). */
  readonly missingIdToken: { readonly class: RefusalClass; text(joinMethod: string): string };
  /** The text for a token that does not allow the role asked for (join.md section 7.4). */
  roleNotAllowedText(attempt: JoinAttempt): string;
  /** Which keys of a join request the two certificates are made for. */
  readonly joinKeys: "ssh-key-for-both" | "each-its-own";
  /**
   * Which keys of GenerateUserCerts count: field 1 alone; field 1 if it is there, else 22 and 23; or 22 and 23 alone,
   * each for its own certificate.
   */
  readonly certificateKeys: "field-1" | "field-1-or-22-and-23" | "22-and-23";
  /** Keys of the user and host authorities. */
  readonly authorityKeys: { readonly ssh: KeyKind; readonly tls: KeyKind };
  /** `auth.signature_algorithm_suite` of the web API, 2 being balanced-v1; absent where the key is (join.md 1.2). */
  readonly signatureAlgorithmSuite?: number;
  readonly authorityTypes: readonly AuthorityType[];
  /** Whether every join makes a bot instance, named with a generation in the bot's certificates, and heartbeats are taken. */
  readonly botInstances: boolean;
  /** Whether bot instances and certificates hold the attributes of the join. */
  readonly joinAttributes: boolean;
  /** Whether a heartbeat's `kind` and `service_health` are kept. */
  readonly serviceHealth: boolean;
  /** Whether certificates of bots hold the bot's name and the client's address (join.md section 8.2). */
  readonly botNameInCertificates: boolean;
  readonly loginIpInCertificates: boolean;
  /** Whether X.509 certificates hold the user type (user-certs.md section 3.2). */
  readonly userTypeInCertificates: boolean;
  /** Whether a role-impersonated certificate may be asked for without disallow-reissue (user-certs.md section 2.4). */
  readonly reissuableRoleImpersonation: boolean;
  /** Whether the server makes the session of an application certificate itself (user-certs.md section 2.5). */
  readonly makesAppSessions: boolean;
  /** Whether host certificates are asked for over gRPC; before, over the legacy HTTP API (user-certs.md section 2.11). */
  readonly hostCertificatesOverGrpc: boolean;
  /** Whether leaf clusters are listed over gRPC (user-certs.md section 2.8). */
  readonly presenceService: boolean;
  /** Whether SPIFFE identities are issued (user-certs.md section 2.10). */
  readonly workloadIdentities: boolean;
  /** Whether a URL may name the Kubernetes cluster, for a certificate that names none (proxy-transport.md section 6.1). */
  readonly kubernetesPaths: boolean;
  /** What a wrong generation of a renewable certificate leads to. */
  readonly generationMismatch: {
    readonly lock: "user" | "bot-instance";
    text(mismatch: GenerationMismatch): string;
  };
  /** The lowest major version of clients; absent where it is not checked (user-certs.md section 1.4). */
  readonly oldestClientMajor?: number;
  /** Keys of the web API's discovery that not every version has (join.md section 1.2). */
  readonly discoveryKeys: readonly DiscoveryKey[];
  /** The text for an SSH target that no node answers to (proxy-transport.md section 4.4). */
  unknownNodeText(host: string): string;
  /** Whether ALPN is answered on the SSH transport (proxy-transport.md section 1.2). */
  readonly answersTransportAlpn: boolean;
}

/** Gives a profile's server version as numbers. */
export function versionOf({ serverVersion }: VersionProfile): readonly [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = serverVersion.split(".").map(Number);
  return [major, minor, patch];
}
