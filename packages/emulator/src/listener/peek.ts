import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { encryptionRequest } from "../backends/postgres.ts";
import { type ClientHello, parseClientHello } from "./client-hello.ts";

/** How long a client may take for its ClientHello (proxy-transport.md section 1.1). */
const clientHelloTimeoutMs = 15_000;

/**
 * Reads the ClientHello of a fresh connection, or the request with which a PostgreSQL client begins, and puts its bytes
 * back, so that a TLS server can be given the socket afterwards. Resolves to undefined when there is neither: something
 * else, too long, too late or closed.
 */
export function peekClientHello(socket: Socket | Duplex): Promise<ClientHello | "postgres" | undefined> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const finish = (hello: ClientHello | "postgres" | undefined): void => {
      socket
        .off("data", onData)
        .off("close", onGone)
        .off("error", onGone)
        .off("timeout", onGone)
        .off("end", onGone);
      if ("setTimeout" in socket) socket.setTimeout(0);
      socket.pause();
      if (hello !== undefined) socket.unshift(Buffer.concat(chunks));
      resolve(hello);
    };
    const onGone = (): void => finish(undefined);
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      if (bytes[0] === 0) {
        // The length of a start message, which is below 2^24.
        if (bytes.length >= 8) finish(encryptionRequest(bytes) === undefined ? undefined : "postgres");
        return;
      }
      const result = parseClientHello(bytes);
      if (result.state === "complete") finish(result.hello);
      if (result.state === "invalid") finish(undefined);
    };
    socket.on("data", onData).on("close", onGone).on("error", onGone).on("timeout", onGone).on("end", onGone);
    if ("setTimeout" in socket) socket.setTimeout(clientHelloTimeoutMs);
    // One that was peeked at before has been paused.
    socket.resume();
  });
}
