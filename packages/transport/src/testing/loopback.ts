import type { AddressInfo, Server, Socket } from "node:net";

/** A server that listens on a free port of 127.0.0.1 until it is disposed of. */
export interface Loopback extends AsyncDisposable {
  port: number;
  /** Every connection that was accepted and is still open. */
  connections: ReadonlySet<Socket>;
  /** Destroys every open connection, as a crash or a restart would. */
  drop(): void;
}

/** Starts any kind of server; disposing destroys its connections. */
export async function listen(server: Server): Promise<Loopback> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const drop = (): void => {
    for (const socket of connections) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    drop,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      drop();
      await closed;
    },
  };
}
