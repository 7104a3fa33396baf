import { createServer } from "node:http";
import type { TLSSocket } from "node:tls";
import { notFoundAnswer } from "./answer.ts";

/**
 * Serves the Auth Service's legacy HTTP API on TLS connections handed to it: only `GET /v2/remoteclusters`, which
 * tbot 14 reads on its own connection, and which is empty here (user-certs.md section 2.11).
 */
export function createLegacyApi(): (socket: TLSSocket) => void {
  const server = createServer((request, response) => {
    if (request.method === "GET" && request.url?.split("?", 1)[0] === "/v2/remoteclusters") {
      response.writeHead(200, { "Content-Type": "application/json" }).end("[]");
      return;
    }
    const { status, headers, body } = notFoundAnswer();
    response.writeHead(status, headers).end(body);
  });
  return (socket) => void server.emit("connection", socket);
}
