import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { Refusal } from "../refusal.ts";
import { hostAndPort } from "./address.ts";

/** How long a backend may take to accept a connection, in milliseconds. */
const connectTimeoutMs = 10_000;

/** Connects to the address of a backend; a failure is a Refusal. */
export async function connectBackend(uri: string): Promise<Socket> {
  const address = hostAndPort(uri);
  if (address === undefined) throw new Refusal("connection-problem", `${uri} has no port`);
  const socket = connectTcp({ ...address, noDelay: true });
  return established(socket, "connect", uri);
}

/** Begins TLS on a connection to a backend; a failure is a Refusal. */
export async function beginTls(socket: Socket, uri: string, options: ConnectionOptions): Promise<TLSSocket> {
  const host = options.servername ?? hostAndPort(uri)?.host ?? "";
  const { servername: _, ...rest } = options;
  const named = isIP(host) === 0 ? { servername: host } : { host };
  return established(connectTls({ socket, ...named, ...rest }), "secureConnect", uri);
}

async function established<Kind extends Socket>(
  socket: Kind,
  event: "connect" | "secureConnect",
  uri: string,
): Promise<Kind> {
  try {
    await once(socket, event, { signal: AbortSignal.timeout(connectTimeoutMs) });
  } catch (error) {
    socket.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal("connection-problem", `connecting to ${uri}: ${reason}`);
  }
  return socket;
}

/** Lets bytes flow both ways until both sides have ended, or one is lost. */
export function join(client: Duplex, backend: Duplex): void {
  for (const [from, to] of [
    [client, backend],
    [backend, client],
  ] as const) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.end());
    from.pipe(to);
  }
}
