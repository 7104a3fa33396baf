import type { ClientHello } from "./client-hello.ts";

/** Where a connection to the one port can lead (proxy-transport.md section 1.2). */
export type RouteName =
  | "web"
  | "join-grpc"
  | "auth"
  | "auth-http"
  | "transport"
  | "reverse-tunnel"
  | "kube"
  | "tcp-app"
  | "database"
  /** The TLS that a database client begins inside a connection, after its own request for it or without one. */
  | "database-tls";

const apiDomain = "teleport.cluster.local";
const authPrefix = "teleport-auth@";
const kubePrefix = "kube-teleport-proxy-alpn.";

/** Encodes a cluster name for SNI and ALPN: hex of its UTF-8 bytes under `teleport.cluster.local` (user-certs.md 1.1). */
export function encodeClusterName(cluster: string): string {
  return `${Buffer.from(cluster, "utf8").toString("hex")}.${apiDomain}`;
}

/** One ALPN name that the proxy has a handler for; names ending in `@` or `-` are prefixes. */
interface RouteEntry {
  protocol: string;
  route: RouteName;
}

/** The database protocols that can be asked for (proxy-transport.md section 1.2). */
const databaseProtocols: readonly string[] = [
  "postgres",
  "mysql",
  "mongodb",
  "oracle",
  "redis",
  "sqlserver",
  "snowflake",
  "cassandra",
  "elasticsearch",
  "opensearch",
  "dynamodb",
  "clickhouse",
  "spanner",
].map((protocol) => `teleport-${protocol}`);

/** What ends the name of a protocol in whose bytes pings are framed. */
export const pingSuffix = "-ping";

/** The protocols of databases and TCP applications with pings in between. */
const pingProtocols: readonly string[] = [...databaseProtocols, "teleport-tcp"].map(
  (name) => name + pingSuffix,
);

/** The registered protocols, in the order in which one client entry is compared with them. */
const routeTable: readonly RouteEntry[] = [
  { protocol: "http/1.1", route: "web" },
  { protocol: "h2", route: "web" },
  { protocol: "teleport-reversetunnel", route: "reverse-tunnel" },
  { protocol: authPrefix, route: "auth" },
  { protocol: "teleport-proxy-ssh-grpc", route: "transport" },
  { protocol: "teleport-proxy-grpc", route: "join-grpc" },
  { protocol: "teleport-tcp", route: "tcp-app" },
  { protocol: `teleport-tcp${pingSuffix}`, route: "tcp-app" },
  ...[...databaseProtocols, ...databaseProtocols.map((name) => name + pingSuffix)].map(
    (protocol): RouteEntry => ({ protocol, route: "database" }),
  ),
  // Followed by the version that the client wants the server to have.
  { protocol: "teleport-mysql-", route: "database" },
];

/** What the web port negotiates, most preferred first: pings, `http/1.1` before `h2`, then the routing names. */
export const webProtocols: readonly string[] = [
  ...pingProtocols,
  ...routeTable
    .map((entry) => entry.protocol)
    .filter((protocol) => !isPrefix(protocol) && !protocol.endsWith(pingSuffix)),
];

function isPrefix(protocol: string): boolean {
  return /[@-]$/.test(protocol);
}

/** Whether the Auth Service accepts this server name: none, the plain domain, or our cluster's encoded name. */
function namesOurCluster(serverName: string | undefined, cluster: string): boolean {
  const name = serverName?.toLowerCase();
  if (name === undefined || !name.endsWith(`.${apiDomain}`)) return true;
  return name === encodeClusterName(cluster);
}

/** Serves gRPC where `h2` is offered, the legacy HTTP API where it is not, as the Auth Service's own list does. */
function authRoute(hello: ClientHello, cluster: string): RouteName | undefined {
  if (!namesOurCluster(hello.serverName, cluster)) return undefined;
  if (hello.alpn?.includes("h2") === true) return "auth";
  return hello.alpn === undefined || hello.alpn.includes("http/1.1") ? "auth-http" : "auth";
}

/**
 * Chooses the route of a ClientHello by walking the client's ALPN list in its order (proxy-transport.md
 * section 1.1); undefined means: close without a word. A server name under `teleport.cluster.local` without a
 * routing name leads to the Auth Service, a shortcut of this emulator (user-certs.md section 6.3).
 */
export function selectRoute(hello: ClientHello, cluster: string): RouteName | undefined {
  const serverName = hello.serverName?.toLowerCase() ?? "";
  if (serverName.startsWith(kubePrefix)) return "kube";
  const offered = hello.alpn ?? ["http/1.1"];
  for (const [index, protocol] of offered.entries()) {
    const entry = routeTable.find((candidate) =>
      isPrefix(candidate.protocol)
        ? protocol.startsWith(candidate.protocol)
        : protocol === candidate.protocol,
    );
    if (entry === undefined) continue;
    if (entry.route === "auth") {
      const ours = index === 0 && protocol === authPrefix + encodeClusterName(cluster);
      return ours ? authRoute(hello, cluster) : undefined;
    }
    const shortcut = serverName === apiDomain || serverName.endsWith(`.${apiDomain}`);
    if (entry.route === "web" && shortcut) return authRoute(hello, cluster);
    return entry.route;
  }
  return undefined;
}
