import type { DiscoveryKey, VersionProfile } from "../profiles/version-profile.ts";

/** What the proxy tells of itself. */
export interface DiscoveryOptions {
  clusterName: string;
  profile: VersionProfile;
  /** Address that clients are told, host:port. */
  publicAddress: string;
  /** Address that the port listens on, host:port. */
  listenAddress: string;
  /** Whether the cluster uses RSA keys only (suite `legacy`). */
  rsaOnly: boolean;
  /** Whether it is an Enterprise build. */
  enterprise: boolean;
}

/** Number of the suite that uses RSA everywhere (join.md section 1.2). */
const suiteLegacy = 1;

function suite(options: DiscoveryOptions): Record<string, unknown> {
  const { signatureAlgorithmSuite } = options.profile;
  if (signatureAlgorithmSuite === undefined) return {};
  return { signature_algorithm_suite: options.rsaOnly ? suiteLegacy : signatureAlgorithmSuite };
}

/** Keeps the keys that this version has. */
function versioned(
  { profile }: DiscoveryOptions,
  keys: Partial<Record<DiscoveryKey, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(profile.discoveryKeys.flatMap((key) => (key in keys ? [[key, keys[key]]] : [])));
}

/** The part that `ping` and `find` share, in the key order measured on 14.2.0. */
function common(options: DiscoveryOptions, auth: Record<string, unknown>): Record<string, unknown> {
  const { serverVersion } = options.profile;
  const listen = options.listenAddress;
  return {
    auth: { ...auth, ...suite(options) },
    proxy: {
      kube: { enabled: true, listen_addr: listen },
      ssh: {
        listen_addr: listen,
        tunnel_listen_addr: listen,
        web_listen_addr: listen,
        public_addr: options.publicAddress,
        ...versioned(options, { dial_timeout: 30_000_000_000 }),
      },
      db: { postgres_listen_addr: listen, mysql_listen_addr: listen },
      tls_routing_enabled: true,
      ...versioned(options, { assist_enabled: false }),
    },
    server_version: serverVersion,
    min_client_version: options.profile.minClientVersion,
    cluster_name: options.clusterName,
    automatic_upgrades: false,
    ...versioned(options, {
      auto_update: {
        tools_version: serverVersion,
        tools_auto_update: false,
        agent_version: serverVersion,
        agent_auto_update: false,
        agent_update_jitter_seconds: 60,
      },
      edition: options.enterprise ? "ent" : "community",
      fips: false,
    }),
  };
}

/** The body of `GET /webapi/ping` (join.md section 1.2). */
export function pingBody(options: DiscoveryOptions): Record<string, unknown> {
  return common(options, {
    type: "local",
    second_factor: "off",
    local: { name: "" },
    private_key_policy: "none",
    piv_slot: "",
    ...versioned(options, { device_trust_disabled: true }),
    device_trust: { disabled: true },
    has_motd: false,
    default_session_ttl: "12h0m0s",
  });
}

/** The body of `GET /webapi/find`: the same with an `auth` that says nothing. */
export function findBody(options: DiscoveryOptions): Record<string, unknown> {
  return common(options, {
    type: "",
    private_key_policy: "",
    piv_slot: "",
    device_trust: {},
    has_motd: false,
    default_session_ttl: "0s",
  });
}
