import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that the application saw. */
interface BackendRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A small web application: it answers every request with what it saw, and echoes what follows an upgrade. */
export interface HttpBackend extends AsyncDisposable {
  /** Where it is, `http://host:port`. */
  readonly url: string;
  readonly requests: readonly BackendRequest[];
}

/** Starts an {@link HttpBackend} on loopback. */
export async function startHttpBackend(): Promise<HttpBackend> {
  const requests: BackendRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = "", url: path = "", headers } = request;
    const seen = { method, path, headers, body: Buffer.concat(chunks).toString() };
    requests.push(seen);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(seen));
  });
  const sockets = new Set<{ destroy(): void }>();
  server.on("upgrade", (request, socket) => {
    sockets.add(socket);
    // RFC 6455 section 4.2.2
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
