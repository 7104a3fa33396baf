import type { Socket } from "node:net";
import { type ClientHello, parseClientHello } from "./client-hello.ts";

/** How long a client may take for its ClientHello (proxy-transport.md section 1.1). */
const clientHelloTimeoutMs = 15_000;

/**
 * Reads the ClientHello of a fresh connection and puts its bytes back, so that a TLS server can be given the
 * socket afterwards. Resolves to undefined when there is none: not TLS, too long, too late or closed.
 */
export function peekClientHello(socket: Socket): Promise<ClientHello | undefined> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const finish = (hello: ClientHello | undefined): void => {
      socket
        .off("data", onData)
        .off("close", onGone)
        .off("error", onGone)
        .off("timeout", onGone)
        .off("end", onGone);
      socket.setTimeout(0);
      socket.pause();
      if (hello !== undefined) socket.unshift(Buffer.concat(chunks));
      resolve(hello);
    };
    const onGone = (): void => finish(undefined);
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      const result = parseClientHello(Buffer.concat(chunks));
      if (result.state === "complete") finish(result.hello);
      if (result.state === "invalid") finish(undefined);
    };
    socket.on("data", onData).on("close", onGone).on("error", onGone).on("timeout", onGone).on("end", onGone);
    socket.setTimeout(clientHelloTimeoutMs);
  });
}
