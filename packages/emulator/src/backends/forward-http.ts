import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { type Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";

/** A request that a client made of the proxy, over either version of HTTP. */
export type ClientRequest = IncomingMessage | Http2ServerRequest;

/** What answers it. */
export type ClientResponse = ServerResponse | Http2ServerResponse;

/** Where a request goes on to. */
export interface HttpTarget {
  /** Scheme, host and port. */
  origin: string;
  /** Path and query. */
  path: string;
  /** Headers that replace the client's of these names. */
  headers: Readonly<Record<string, string | string[]>>;
  /** Names of the client's headers that must not get there, in lower case. */
  withheld?: (name: string) => boolean;
  tls: Pick<RequestOptions, "ca" | "cert" | "key" | "rejectUnauthorized" | "servername">;
}

/** Headers that concern one connection only (RFC 9110 section 7.6.1). */
const hopByHop: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

function endToEnd(headers: NodeJS.Dict<string | string[]>): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !name.startsWith(":") && !hopByHop.includes(name),
  );
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}

function open(
  request: ClientRequest,
  target: HttpTarget,
  more: Record<string, string>,
): ReturnType<typeof httpRequest> {
  const own = Object.entries(endToEnd(request.headers)).filter(([name]) => target.withheld?.(name) !== true);
  const { protocol, host } = new URL(target.origin);
  const options: RequestOptions = {
    method: request.method ?? "GET",
    path: target.path,
    headers: { ...Object.fromEntries(own), host, ...target.headers, ...more },
    agent: false,
    ...target.tls,
  };
  return protocol === "https:" ? httpsRequest(target.origin, options) : httpRequest(target.origin, options);
}

/** Passes a request on and its answer back; `onFailure` is told when the backend gives none. */
export function forwardRequest(
  request: ClientRequest,
  response: ClientResponse,
  target: HttpTarget,
  onFailure: (error: Error) => void,
): void {
  const onward = open(request, target, {});
  onward.on("error", (error) => {
    if (response.headersSent) response.destroy();
    else onFailure(error);
  });
  onward.on("response", (answer) => {
    const headers = endToEnd(answer.headers);
    const status = answer.statusCode ?? 502;
    if (response instanceof Http2ServerResponse) response.writeHead(status, headers);
    else response.writeHead(status, headers);
    pipeline(answer, response, () => undefined);
  });
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

/** Passes a request for another protocol on, such as WebSocket; from the answer on bytes flow both ways. */
export function forwardUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: HttpTarget,
): void {
  const onward = open(request, target, { connection: "Upgrade", upgrade: request.headers.upgrade ?? "" });
  onward.on("error", () => socket.destroy());
  onward.on("response", (answer) => {
    answer.resume();
    socket.end(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\ncontent-length: 0\r\n\r\n`);
  });
  onward.on("upgrade", (answer, backend, backendHead) => {
    const lines: string[] = [];
    for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
      lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}\r\n`);
    }
    socket.write(`HTTP/1.1 101 ${answer.statusMessage}\r\n${lines.join("")}\r\n`);
    if (backendHead.length > 0) backend.unshift(backendHead);
    if (head.length > 0) socket.unshift(head);
    backend.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("error", () => backend.destroy()).on("close", () => backend.destroy());
    backend.pipe(socket);
    socket.pipe(backend);
  });
  onward.end();
}
