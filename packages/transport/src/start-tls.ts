import type { Socket } from "node:net";
import * as tls from "node:tls";
import { TransportError } from "./errors.ts";

function createContext(options: tls.ConnectionOptions): tls.SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (error) {
    throw new TransportError({
      code: "ERR_TRANSPORT_CREDENTIALS",
      kind: "user",
      message: `The certificate and key to be shown to the cluster cannot be used for TLS: ${error instanceof Error ? error.message : error}.`,
      hint: "The identity is damaged, or its files are from two joins: join again into an empty directory.",
      cause: error,
    });
  }
}

/** Gives an error like Node's own for a connection that ended, so that both are told alike. */
function endedEarly(): Error {
  return Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
}

/**
 * Makes the TLS handshake over an open connection. Rejects with Node's own error, a code ECONNRESET when the
 * other end hangs up, the signal's reason, or `ERR_TRANSPORT_CREDENTIALS`.
 */
export function startTls(
  tcp: Socket,
  options: tls.ConnectionOptions,
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // TLS over a connection that is already gone would wait for ever.
    if (tcp.destroyed) throw endedEarly();
    const socket = tls.connect({ ...options, secureContext: createContext(options), socket: tcp });
    // Later failures are noticed by whoever uses the connection; without a listener they would be a crash.
    socket.on("error", () => {});
    const settle = (act: () => void): void => {
      signal.removeEventListener("abort", abort);
      tcp.removeListener("close", closed);
      socket.removeListener("error", failed);
      act();
    };
    const failed = (error: unknown): void => settle(() => reject(error));
    const abort = (): void => failed(signal.reason);
    const closed = (): void => failed(endedEarly());
    signal.addEventListener("abort", abort, { once: true });
    tcp.once("close", closed);
    socket.once("error", failed);
    socket.once("secureConnect", () => settle(() => resolve(socket)));
  });
}
