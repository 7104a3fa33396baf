import { type IncomingHttpHeaders, request } from "node:http";
import type { TLSSocket } from "node:tls";
import { TransportError } from "./errors.ts";
import { abortError } from "./map-error.ts";

/** An answer of the proxy's web API, whatever its status. */
export interface WebAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** More than any answer of the web API needs; a longer one is refused unread (join.md section 15). */
export const maxAnswerBytes: number = 10 * 1024 * 1024;

function invalid(where: string, what: string, cause?: unknown): TransportError {
  return new TransportError({
    code: "ERR_TRANSPORT_ANSWER_INVALID",
    kind: "cluster",
    message: `${where}: ${what}.`,
    hint: "This is not an answer of Teleport: find out who answers at this address.",
    requestSent: true,
    cause,
  });
}

function lost(where: string, what: string, requestSent: boolean, cause?: unknown): TransportError {
  return new TransportError({
    code: "ERR_TRANSPORT_CONNECTION_LOST",
    kind: "network",
    message: `${where}: ${what}.`,
    hint: "Run the job again; if it happens every time, look at load balancers and proxies between the runner and the cluster.",
    retryable: true,
    requestSent,
    cause,
  });
}

/** What follows is HTTP's own parser complaining: the other end answered, but not in HTTP. */
function isNotHttp(error: Error): boolean {
  return "code" in error && String(error.code).startsWith("HPE_");
}

/** One request of the web API. */
export interface WebRequest {
  /** `host:port` of the proxy. */
  host: string;
  path: string;
  signal: AbortSignal;
}

/**
 * Sends one JSON request over a connection made before and reads the whole answer, at most
 * {@link maxAnswerBytes}. No redirect is followed. The connection is closed afterwards. Throws a
 * {@link TransportError} when it is lost or the answer is cut off, too long or not HTTP.
 */
export function postJson(socket: TLSSocket, options: WebRequest & { body: string }): Promise<WebAnswer> {
  return exchange(socket, "POST", options, options.body);
}

/** Asks for a JSON document, over a connection and with failures like {@link postJson}. */
export function getJson(socket: TLSSocket, options: WebRequest): Promise<WebAnswer> {
  return exchange(socket, "GET", options, undefined);
}

function exchange(
  socket: TLSSocket,
  method: "GET" | "POST",
  options: WebRequest,
  body: string | undefined,
): Promise<WebAnswer> {
  const { signal } = options;
  const where = `${method} https://${options.host}${options.path}`;
  return new Promise((resolve, reject) => {
    // On a connection that is already gone the request would wait for ever.
    if (socket.destroyed) throw lost(where, "the connection was lost before the request", false);
    const outgoing = request({
      createConnection: () => socket,
      method,
      path: options.path,
      signal,
      headers: {
        host: options.host,
        accept: "application/json",
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        connection: "close",
      },
    });
    const fail = (what: string, error: Error): void => {
      if (signal.aborted) reject(abortError(signal, where));
      else if (isNotHttp(error)) reject(invalid(where, `the answer is not HTTP (${error.message})`, error));
      else reject(lost(where, `${what} (${error.message})`, true, error));
    };
    outgoing.on("error", (error) => fail("the connection was lost before the answer", error));
    outgoing.on("response", (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length <= maxAnswerBytes) return;
        reject(invalid(where, `the answer is longer than ${maxAnswerBytes / 1024 / 1024} MiB`));
        answer.destroy();
      });
      answer.on("error", (error) => fail("the answer was cut off in the middle", error));
      answer.on("end", () => {
        socket.destroy();
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        });
      });
    });
    outgoing.end(body);
  });
}
