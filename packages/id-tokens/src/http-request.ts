import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Clock, formatDuration } from "@bot-join/core";

/** An answer, read to its end. */
export interface HttpAnswer {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

/** What one request needs. */
export interface HttpRequestOptions {
  /** A POST goes without a body. */
  method: "GET" | "POST";
  headers: Record<string, string>;
  /** Bytes of the body after which reading stops with {@link BodyTooLongError}. */
  maxBytes: number;
  /** For the whole exchange, in milliseconds; afterwards it fails with the code `ETIMEDOUT`. */
  timeoutMs: number;
  clock: Clock;
  signal: AbortSignal;
  /** Opens a way through an HTTP proxy; undefined means to connect directly. */
  openTunnel?: ((url: URL) => Promise<Socket | undefined>) | undefined;
}

/** Tells that an answer was longer than allowed. */
export class BodyTooLongError extends Error {}

/**
 * Sends one request on a fresh connection and reads the whole answer; redirects are not followed.
 * Node's own errors come through as they are; an aborted signal throws its reason.
 */
export async function httpRequest(url: URL, options: HttpRequestOptions): Promise<HttpAnswer> {
  const done = new AbortController();
  const late = new AbortController();
  const expiry = options.clock.sleep(options.timeoutMs, done.signal).then(
    () => late.abort(timeoutError(options.timeoutMs)),
    () => undefined, // The answer came first.
  );
  const stop = AbortSignal.any([options.signal, late.signal]);
  try {
    const tunnel = await options.openTunnel?.(url);
    return await exchange(url, options, stop, tunnel);
  } catch (error) {
    // Node wraps the reason of an abort in an error of its own.
    throw stop.aborted ? stop.reason : error;
  } finally {
    done.abort();
    await expiry;
  }
}

function exchange(
  url: URL,
  options: HttpRequestOptions,
  signal: AbortSignal,
  tunnel: Socket | undefined,
): Promise<HttpAnswer> {
  const isTls = url.protocol === "https:";
  // Without an agent: one connection for one request, and Node asks us for it where there is a tunnel.
  const connection =
    tunnel === undefined
      ? { agent: false as const }
      : {
          createConnection: () => (isTls ? connectTls({ socket: tunnel, servername: url.hostname }) : tunnel),
        };
  return new Promise((resolve, reject) => {
    const send = isTls ? tlsRequest : plainRequest;
    const { method, headers } = options;
    const request = send(url, { method, headers, signal, ...connection }, (response) => {
      readBody(response, options.maxBytes).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        (error: unknown) => {
          request.destroy();
          reject(error);
        },
      );
    });
    request.on("error", reject);
    request.end();
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new BodyTooLongError(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function timeoutError(timeoutMs: number): Error {
  return Object.assign(new Error(`no answer within ${formatDuration(timeoutMs)}`), { code: "ETIMEDOUT" });
}
