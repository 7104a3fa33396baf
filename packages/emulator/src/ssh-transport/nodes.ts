import { isIP } from "node:net";
import type { RemoteClusterResource } from "@bot-join/resources";
import type { VersionProfile } from "../profiles/version-profile.ts";
import { Refusal } from "../refusal.ts";

/** A machine that SSH streams lead to: a real sshd somewhere, registered under a name. */
export interface EmulatedNode {
  hostname: string;
  uuid: string;
  /** host:port where an sshd listens. */
  address: string;
  /** The port that the node is registered with. Default 3022. */
  port?: number;
  /** Labels that roles choose it by when nodes are listed. */
  labels?: Record<string, string>;
  /** The leaf cluster that it is in. Default: the emulated cluster itself. */
  cluster?: string;
}

/** Gives the machines of leaf clusters as their documents name them. */
export function leafNodes(leaves: Iterable<RemoteClusterResource>): EmulatedNode[] {
  return [...leaves].flatMap(({ name, nodes }) =>
    nodes.map(({ hostname, addr }) => ({
      hostname,
      uuid: `${hostname}@${name}`,
      address: addr,
      cluster: name,
    })),
  );
}

/** The port of nodes that name none. */
const defaultNodePort = 3022;

const uuidLike = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Splits `host:port` as Go does, IPv6 in brackets; undefined when it cannot be split. */
export function splitHostPort(text: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (match === null) return undefined;
  return { host: match[1] ?? match[2] ?? "", port: match[3] ?? "" };
}

function matches(node: EmulatedNode, host: string, port: string): boolean {
  const address = splitHostPort(node.address)?.host;
  const sameHost =
    node.hostname.toLowerCase() === host.toLowerCase() || (isIP(host) !== 0 && address === host);
  return sameHost && ["", "0", String(node.port ?? defaultNodePort)].includes(port);
}

/**
 * Finds the node that a dial target means: its UUID, or its hostname or address with its own port or none
 * (proxy-transport.md section 4.4). The cluster's name is not stripped from a hostname. Throws a Refusal.
 */
export function resolveNode(
  nodes: readonly EmulatedNode[],
  hostPort: string,
  { unknownNodeText }: Pick<VersionProfile, "unknownNodeText">,
): EmulatedNode {
  const target = splitHostPort(hostPort);
  if (target === undefined) {
    throw new Refusal("bad-parameter", "dial target contains an invalid hostport");
  }
  const byUuid = nodes.find((node) => node.uuid === target.host);
  if (byUuid !== undefined) return byUuid;
  if (uuidLike.test(target.host)) {
    throw new Refusal("not-found", `unable to locate node matching UUID-like target ${target.host}`);
  }
  const [found, ...others] = nodes.filter((node) => matches(node, target.host, target.port));
  if (others.length > 0) throw new Refusal("not-found", "err-node-is-ambiguous");
  if (found === undefined) throw new Refusal("connection-problem", unknownNodeText(target.host));
  return found;
}
