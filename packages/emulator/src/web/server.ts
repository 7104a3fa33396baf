import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Applications } from "../backends/applications.ts";
import { type AnswerFault, type FaultPlan, hugeBodyBytes } from "../faults.ts";
import { notFoundAnswer, type WebAnswer } from "./answer.ts";
import { maxBodyBytes, type WebRequest, withoutVersionPrefix } from "./handler.ts";
import { acceptUpgrade, chooseUpgrade, offeredUpgrades } from "./upgrade.ts";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** Who answers requests, and what goes wrong on the way. */
export interface WebServerOptions {
  answer(request: WebRequest): Promise<WebAnswer>;
  faults: FaultPlan;
  now(): Date;
  /** Serves what is for an application; false for what is for the web API. */
  applications: Pick<Applications, "serve" | "serveUpgrade">;
  /** Takes the byte stream behind an accepted connection upgrade. */
  onUpgraded(socket: Socket): void;
  /** Told about a bug of the emulator itself; the client sees status 500. */
  onInternalError(error: unknown): void;
}

/** Go answers up to this many bytes with a Content-Length and more in chunks. */
const chunkedAboveBytes = 2048;

/** Reads a body up to the limit; what lies beyond is read and dropped, since its size alone decides. */
async function readBody(request: Request): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let left = maxBodyBytes;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left));
    left -= Math.min(left, chunk.length);
  }
  return Buffer.concat(chunks);
}

function isJoin(request: WebRequest): boolean {
  return request.method === "POST" && withoutVersionPrefix(request.path) === "/webapi/host/credentials";
}

/** Replaces an answer as a fault asks; `truncated` and `drop` are left to the writing. */
function spoil(answer: WebAnswer, fault: AnswerFault | undefined): WebAnswer {
  if (fault === undefined || fault === "drop" || fault === "truncated") return answer;
  const html = { "Content-Type": "text/html; charset=utf-8" };
  if (fault === "html")
    return { status: 200, headers: html, body: "<!doctype html><title>Sign in</title>\n" };
  if (fault === "huge") return { ...answer, status: 200, body: `"${"x".repeat(hugeBodyBytes - 2)}"` };
  if (fault === "not-teleport") return { status: 404, headers: html, body: "<h1>Not Found</h1>\n" };
  return {
    status: fault.status,
    headers: { ...answer.headers, ...fault.headers },
    body: fault.body ?? answer.body,
  };
}

function write(response: Response, answer: WebAnswer, truncated: boolean, date: Date): void {
  const body = Buffer.from(answer.body);
  const headers: Record<string, string> = { ...answer.headers, Date: date.toUTCString() };
  if (truncated || body.length <= chunkedAboveBytes) headers["Content-Length"] = String(body.length);
  response.sendDate = false;
  // Go names no connection options on a connection that stays open.
  response.removeHeader("connection");
  if (response instanceof Http2ServerResponse) response.writeHead(answer.status, headers);
  else response.writeHead(answer.status, headers);
  if (!truncated) response.end(body);
  else if (response instanceof Http2ServerResponse) {
    response.write(body.subarray(0, body.length / 2), () => response.stream.session?.destroy());
  } else response.write(body.subarray(0, body.length / 2), () => response.socket?.destroy());
}

/** Serves the web API over TLS connections handed to it, HTTP/1.1 or h2 as negotiated. */
export function createWebServer(options: WebServerOptions): (socket: TLSSocket) => void {
  const respond = async (request: Request, response: Response): Promise<void> => {
    const webRequest: WebRequest = {
      method: request.method ?? "GET",
      path: (request.url ?? "/").split("?", 1)[0] ?? "/",
      contentType: request.headers["content-type"],
      upgradeTypes: offeredUpgrades(request.headers),
      body: await readBody(request),
      remoteAddress: request.socket.remoteAddress ?? "",
    };
    const joinFault = isJoin(webRequest) ? options.faults.take("join") : undefined;
    const fault = joinFault ?? options.faults.take("web");
    if (fault === "drop") {
      request.socket.destroy();
      return;
    }
    const answer =
      fault === undefined || fault === "truncated" ? await options.answer(webRequest) : notFoundAnswer();
    write(response, spoil(answer, fault), fault === "truncated", options.now());
  };
  const listener = (request: Request, response: Response): void => {
    if (options.applications.serve(request, response)) return;
    respond(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return;
      options.onInternalError(error);
      response.statusCode = 500;
      response.end();
    });
  };
  const http1 = createHttpServer(listener);
  const http2 = createHttp2Server(listener);
  http2.on("sessionError", () => undefined);
  http1.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    if (options.applications.serveUpgrade(request, socket, head)) return;
    const path = withoutVersionPrefix((request.url ?? "/").split("?", 1)[0] ?? "/");
    const type =
      path === "/webapi/connectionupgrade" ? chooseUpgrade(offeredUpgrades(request.headers)) : undefined;
    if (type === undefined) {
      void refuseUpgrade(request, socket, options);
      return;
    }
    if (head.length > 0) socket.unshift(head);
    acceptUpgrade(socket, type).then(
      () => options.onUpgraded(socket),
      () => socket.destroy(),
    );
  });
  return (socket) => {
    if (socket.alpnProtocol === "h2") http2.emit("connection", socket);
    else http1.emit("connection", socket);
  };
}

/** Answers a request whose upgrade nobody here performs, and closes. */
async function refuseUpgrade(
  request: IncomingMessage,
  socket: Socket,
  options: WebServerOptions,
): Promise<void> {
  const answer = await options.answer({
    method: request.method ?? "GET",
    path: (request.url ?? "/").split("?", 1)[0] ?? "/",
    contentType: request.headers["content-type"],
    upgradeTypes: offeredUpgrades(request.headers),
    body: new Uint8Array(),
    remoteAddress: socket.remoteAddress ?? "",
  });
  const headers = {
    ...answer.headers,
    "Content-Length": String(Buffer.byteLength(answer.body)),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${answer.status} Not Found\r\n${lines.join("")}\r\n${answer.body}`);
}
