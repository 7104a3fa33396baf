import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket, Server as TlsServer } from "node:tls";
import { acceptEncryption } from "../backends/postgres.ts";
import { EmulatorError } from "../errors.ts";
import type { FaultPlan } from "../faults.ts";
import { peekClientHello } from "./peek.ts";
import { type RouteName, selectRoute } from "./routes.ts";
import { type Approach, createRouteServer, type ServerIdentities } from "./tls-servers.ts";

/** What happened to connections since the start. */
export interface ConnectionCounters {
  /** TCP connections accepted. */
  connections: number;
  /** Connections closed without a TLS answer: no ClientHello, or no route for it. */
  unrouted: number;
  /** TLS handshakes finished, by route. */
  handshakes: Record<RouteName, number>;
}

/** Where connections go, and with which certificates. */
export interface ListenerOptions {
  clusterName: string;
  /** Whether ALPN is answered on the SSH transport. */
  answersTransportAlpn: boolean;
  identities: ServerIdentities;
  faults: FaultPlan;
  /** Waits as the `delayMs` fault asks. */
  sleep(ms: number): Promise<void>;
  /** Serves a connection whose TLS handshake is finished. */
  serve(route: RouteName, socket: TLSSocket): void;
}

/** Routes connections by their ClientHello and ends TLS on them, as the one port of a proxy does. */
export class Listener implements AsyncDisposable {
  readonly counters: ConnectionCounters = {
    connections: 0,
    unrouted: 0,
    handshakes: {
      web: 0,
      "join-grpc": 0,
      auth: 0,
      "auth-http": 0,
      transport: 0,
      "reverse-tunnel": 0,
      kube: 0,
      "tcp-app": 0,
      database: 0,
      "database-tls": 0,
    },
  };
  readonly #server: Server;
  readonly #options: ListenerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #tlsServers = new Map<string, TlsServer>();

  constructor(server: Server, options: ListenerOptions) {
    this.#server = server;
    this.#options = options;
    server.on("connection", (socket) => {
      this.counters.connections++;
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.setNoDelay(true);
      if (options.faults.takeIf("connection", "drop")) {
        socket.destroy();
        return;
      }
      void this.route(socket, options.faults.peek().stripAlpn === true ? "alpn-stripped" : "direct");
    });
  }

  /** Routes a byte stream that starts with a ClientHello: a fresh connection, or what follows an upgrade. */
  async route(socket: Socket, approach: Approach): Promise<void> {
    const faults = this.#options.faults;
    const hello = await peekClientHello(socket);
    const delayMs = faults.take("delayMs");
    if (delayMs !== undefined) await this.#options.sleep(delayMs);
    if (hello === "postgres" && approach === "direct") {
      await this.routeDatabase(socket);
      return;
    }
    const route =
      hello === undefined || hello === "postgres"
        ? undefined
        : approach === "alpn-stripped"
          ? "web"
          : selectRoute(hello, this.#options.clusterName);
    if (route === undefined || faults.takeIf("connection", "drop-after-hello")) {
      this.counters.unrouted++;
      socket.destroy();
      return;
    }
    this.#tlsServer(route, approach).emit("connection", socket);
  }

  /** Begins the TLS that a database client asks for in its own protocol, or that it begins by itself. */
  async routeDatabase(socket: Duplex): Promise<void> {
    const first = await peekClientHello(socket);
    const isReady = first === "postgres" ? await acceptEncryption(socket) : first !== undefined;
    if (isReady) this.#tlsServer("database-tls", "direct").emit("connection", socket);
    else {
      this.counters.unrouted++;
      socket.destroy();
    }
  }

  #tlsServer(route: RouteName, approach: Approach): TlsServer {
    const key = `${route} ${approach}`;
    const known = this.#tlsServers.get(key);
    if (known !== undefined) return known;
    const server = createRouteServer(route, approach, {
      answersTransportAlpn: this.#options.answersTransportAlpn,
      identities: this.#options.identities,
      onSecure: (socket) => this.#onSecure(route, socket),
    });
    this.#tlsServers.set(key, server);
    return server;
  }

  #onSecure(route: RouteName, socket: TLSSocket): void {
    this.counters.handshakes[route]++;
    socket.on("error", () => socket.destroy());
    if (this.#options.faults.takeIf("connection", "drop-after-handshake")) socket.destroy();
    else this.#options.serve(route, socket);
  }

  /** Closes the port and every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** Opens a TCP port on one address; port 0 takes a free one. Throws `ERR_EMULATOR_LISTEN`. */
export async function openPort(host: string, port: number): Promise<Server> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmulatorError({
      code: "ERR_EMULATOR_LISTEN",
      kind: "user",
      message: `Listening on ${host}, port ${port}: ${reason}.`,
      hint: "Choose another port (0 takes a free one) or an address of this machine.",
      details: { host, port },
      cause,
    });
  }
  return server;
}
