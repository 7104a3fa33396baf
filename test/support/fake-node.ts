import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A TCP server that stands for an sshd: what a test makes of each connection. */
export interface FakeNode extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  readonly connections: number;
}

/** Starts a fake node on loopback; by default it sends a banner and then echoes what comes, both ways to the end. */
export async function startFakeNode(
  serve: (socket: Socket) => void = (socket) => {
    socket.write("SSH-2.0-fake\r\n");
    socket.pipe(socket);
  },
  host = "127.0.0.1",
): Promise<FakeNode> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
