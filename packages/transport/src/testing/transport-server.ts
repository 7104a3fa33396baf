import { createServer, type Http2Server } from "node:http2";
import { createServer as createTlsServer } from "node:tls";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { TestContext } from "vitest";
import { ProxyDialer } from "../dialer.ts";
import type { SshRoute } from "../ssh-stream/ssh-route.ts";
import { createAuthority } from "./certificates.ts";
import { type Loopback, listen } from "./loopback.ts";

/** Gives a dialer for 127.0.0.1 that lives as long as the test. */
export function loopbackDialer({ port }: { port: number }): ProxyDialer {
  return new ProxyDialer({
    proxy: { host: "127.0.0.1", port },
    webTrust: { ca: undefined, insecure: false },
    environment: {},
    signal: new AbortController().signal,
  });
}

/** The identity that a client of {@link startTransportServer} shows. */
export function testRoute(context: TestContext): SshRoute {
  const host = createAuthority(context, "host").certificatePem;
  return { cluster: "bot.test", hostCa: [host], client: createAuthority(context, "user").issue() };
}

/** Serves HTTP/2 behind TLS, as the proxy's SSH transport is. The client's certificate is asked for, and required when `strict`. */
export function startTransportServer(
  context: TestContext,
  http2: Http2Server,
  strict = false,
): Promise<Loopback> {
  const leaf = createAuthority(context, "host").issue({ names: ["DNS:*.teleport.cluster.local"] });
  const server = createTlsServer(
    {
      cert: leaf.certificatePem,
      key: leaf.privateKeyPem,
      ca: createAuthority(context, strict ? "other" : "user").certificatePem,
      requestCert: true,
      rejectUnauthorized: strict,
      ALPNProtocols: ["h2"],
    },
    (socket) => {
      socket.on("error", () => {});
      http2.emit("connection", socket);
    },
  );
  http2.on("sessionError", () => {});
  server.on("tlsClientError", () => {});
  return listen(server);
}

/** Makes an HTTP/2 server of generated services. */
export function grpcServer(routes: (router: ConnectRouter) => void): Http2Server {
  return createServer({}, connectNodeAdapter({ connect: false, grpcWeb: false, routes }));
}
