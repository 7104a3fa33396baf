import type { TLSSocket } from "node:tls";
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { AnswerSessionManager } from "./answer-stream.ts";

/** One gRPC channel over one TLS connection that was made before; it never dials again. */
export interface GrpcChannel {
  transport: Transport;
  close(): void;
}

/** The receive limit of gRPC's own defaults, which Teleport's peers keep to (user-certs.md section 1.4). */
const maxMessageBytes = 4 * 1024 * 1024;

/** Wraps a TLS connection as a gRPC channel. `authority` is the name sent in `:authority`. */
export function createGrpcChannel(socket: TLSSocket, authority: string): GrpcChannel {
  const baseUrl = `https://${authority}`;
  let used = false;
  const nodeOptions = {
    createConnection: (): TLSSocket => {
      // A destroyed socket would make the call hang for ever, and so would a second session on one connection.
      if (used || socket.destroyed) throw new Error("the connection to the cluster is gone");
      used = true;
      return socket;
    },
  };
  const sessionManager = new AnswerSessionManager(baseUrl, {}, nodeOptions);
  return {
    transport: createGrpcTransport({
      baseUrl,
      sessionManager,
      acceptCompression: [],
      readMaxBytes: maxMessageBytes,
    }),
    close(): void {
      sessionManager.abort();
      socket.destroy();
    },
  };
}
