import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  ClusterDetailsSchema,
  type ProxySSHRequest,
  type ProxySSHResponse,
  ProxySSHResponseSchema,
} from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import type { FaultPlan } from "../faults.ts";
import type { VersionProfile } from "../profiles/version-profile.ts";
import { Refusal } from "../refusal.ts";
import { type EmulatedNode, resolveNode, splitHostPort } from "./nodes.ts";
import { createSshPrefixGuard } from "./ssh-prefix-guard.ts";

/** Largest payload of one frame that the proxy sends, in bytes (proxy-transport.md section 4.1). */
const maxFrameBytes = 16_384;

/** How long a node may take to accept a connection, in milliseconds. */
const dialTimeoutMs = 10_000;

/** The nodes that streams can reach, and the rules of the version. */
export interface ProxySshOptions {
  clusterName: string;
  profile: VersionProfile;
  nodes(): readonly EmulatedNode[];
  /** Whether the owner of a certificate may use a leaf cluster. */
  mayReachLeaf(cluster: string, certificatePem: string): boolean;
  faults: FaultPlan;
}

/** Connects to the sshd behind a node; a failure is the Refusal that the proxy answers. */
async function dial(node: EmulatedNode, signal: AbortSignal): Promise<Socket> {
  const address = splitHostPort(node.address);
  if (address === undefined) throw new TypeError(`the node ${node.hostname} has the address ${node.address}`);
  const socket = connect({ host: address.host, port: Number(address.port), allowHalfOpen: true });
  try {
    await once(socket, "connect", { signal: AbortSignal.any([signal, AbortSignal.timeout(dialTimeoutMs)]) });
  } catch (error) {
    socket.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal("connection-problem", `failed to dial target host\n\t${reason}`);
  }
  socket.setNoDelay(true);
  return socket;
}

/** Copies the client's frames to the node, waiting when it is slow, and passes the client's half-close on. */
async function pumpToNode(requests: AsyncIterator<ProxySSHRequest>, socket: Socket): Promise<void> {
  const guard = createSshPrefixGuard();
  for (let next = await requests.next(); next.done !== true; next = await requests.next()) {
    const { frame } = next.value;
    if (frame.case !== "ssh") continue;
    guard(frame.value.payload);
    if (!socket.write(frame.value.payload) && !socket.destroyed) await once(socket, "drain");
  }
  socket.end();
}

function sshFrame(payload: Uint8Array): ProxySSHResponse {
  return create(ProxySSHResponseSchema, { frame: { case: "ssh", value: { payload } } });
}

/** Gives the node's bytes in frames of at most 16 KiB, one read at a time, until the node closes. */
async function* framesFromNode(socket: Socket, faults: FaultPlan): AsyncIterable<ProxySSHResponse> {
  const fault = faults.peek().ssh;
  let left = typeof fault === "object" ? fault.dropAfterBytes : Number.POSITIVE_INFINITY;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    for (let offset = 0; offset < chunk.length; offset += maxFrameBytes) {
      const payload = chunk.subarray(offset, Math.min(offset + maxFrameBytes, offset + left));
      yield sshFrame(payload);
      left -= payload.length;
      if (left <= 0) {
        faults.take("ssh");
        throw new Refusal("connection-problem", "the connection to the node was cut, as a fault asked");
      }
    }
  }
}

/**
 * Serves one ProxySSH stream (proxy-transport.md sections 4.1 and 5): the first message names the target, the first
 * answer says that the node was reached, then SSH bytes flow both ways. Failures are Refusals.
 */
export async function* proxySsh(
  requests: AsyncIterable<ProxySSHRequest>,
  signal: AbortSignal,
  options: ProxySshOptions,
  certificatePem: string,
): AsyncIterable<ProxySSHResponse> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = await incoming.next();
  const target = first.done === true ? undefined : first.value.dialTarget;
  if (target === undefined) throw new Refusal("bad-parameter", "first frame must contain a dial target");
  const isOwn = target.cluster === options.clusterName;
  if (!isOwn && !options.mayReachLeaf(target.cluster, certificatePem)) {
    throw new Refusal("not-found", `cluster "${target.cluster}" is not found`);
  }
  const nodes = options.nodes().filter(({ cluster }) => (cluster ?? options.clusterName) === target.cluster);
  const node = resolveNode(nodes, target.hostPort, options.profile);
  if (options.faults.takeIf("ssh", "drop-before-dial")) {
    throw new Refusal("connection-problem", "the stream was cut, as a fault asked");
  }
  const socket = await dial(node, signal);
  const onAbort = (): void => void socket.destroy();
  signal.addEventListener("abort", onAbort);
  try {
    yield create(ProxySSHResponseSchema, { details: create(ClusterDetailsSchema) });
    pumpToNode(incoming, socket).catch((error: unknown) => {
      // A client that goes away is a normal end; only a refusal is told.
      if (error instanceof Refusal) socket.destroy(error);
      else socket.destroy();
    });
    yield* framesFromNode(socket, options.faults);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // The node's own reset, or the client's: the stream just ends.
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}
