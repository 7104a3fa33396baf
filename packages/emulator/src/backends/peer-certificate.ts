import type { TLSSocket } from "node:tls";
import type { ClientRequest } from "./forward-http.ts";

/** Gives the TLS connection that a request came over; undefined when it is gone. */
export function tlsSocketOf(request: ClientRequest): TLSSocket | undefined {
  // HTTP/2 shows a stand-in of the socket, which still knows the certificate.
  return ("stream" in request ? request.stream.session?.socket : request.socket) as TLSSocket | undefined;
}
