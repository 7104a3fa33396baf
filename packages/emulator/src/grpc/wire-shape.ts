import { constants, type Http2ServerResponse, type OutgoingHttpHeaders } from "node:http2";

const contentType = "application/grpc";

/** Encodes a status message as Go's gRPC does: printable ASCII but for `%` stays as it is (gRPC over HTTP/2, "Percent-Encoded"). */
export function encodeGrpcMessage(message: string): string {
  let encoded = "";
  for (const byte of Buffer.from(message, "utf8")) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** Answers a call without a message, on a response that {@link shapeLikeGo} has shaped. */
export function writeStatus(response: Http2ServerResponse, code: number, message: string): void {
  response.addTrailers({ "grpc-status": String(code), "grpc-message": encodeURIComponent(message) });
  response.end();
}

/**
 * Ends the client's side too once everything is sent, as Go servers do, so that a client which has not half-closed
 * finishes. Earlier, HTTP/2 would drop what is still queued for the stream.
 */
function closeAfterEnd(response: Http2ServerResponse): void {
  const { stream } = response;
  const closeWhenSent = (): void => {
    if (stream.destroyed || stream.closed) return;
    if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
    else setImmediate(closeWhenSent);
  };
  stream.resume();
  stream.once("finish", closeWhenSent);
}

/** Marks a failed write as what it is, in the code that connect-node takes for a client that went away. */
function clientGone(cause: Error): Error {
  return Object.assign(new Error("the client went away", { cause }), { code: "ECONNRESET" });
}

/** Trailers as Go writes them: the message is there even when empty, and minimally escaped. */
function goTrailers(trailers: OutgoingHttpHeaders): Record<string, string> {
  const status = String(trailers["grpc-status"] ?? "2");
  const message = decodeURIComponent(String(trailers["grpc-message"] ?? ""));
  return { "grpc-status": status, "grpc-message": encodeGrpcMessage(message) };
}

/**
 * Makes what connect-node writes to a response look like Go's on the wire (measured-14.2.0.md section 5): headers
 * wait for the first message, so that an error before it is trailers-only.
 */
export function shapeLikeGo(response: Http2ServerResponse): void {
  const original = {
    writeHead: response.writeHead.bind(response),
    write: response.write.bind(response) as (
      chunk: Uint8Array,
      done: (error?: Error | null) => void,
    ) => boolean,
    end: response.end.bind(response),
    addTrailers: response.addTrailers.bind(response),
  };
  let started = false;
  let trailers: Record<string, string> | undefined;
  response.sendDate = false;
  const start = (extra: Record<string, string>): void => {
    started = true;
    original.writeHead(200, { "content-type": contentType, ...extra });
  };
  Object.assign(response, {
    writeHead: () => response,
    write: (chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void) => {
      if (!started) start({});
      return original.write(chunk, (error) => done(error && clientGone(error)));
    },
    addTrailers: (headers: OutgoingHttpHeaders) => {
      trailers = goTrailers(headers);
    },
    end: () => {
      if (started) original.addTrailers(trailers ?? {});
      else if (trailers?.["grpc-status"] === "0") {
        start({});
        original.addTrailers(trailers);
      } else start(trailers ?? {});
      original.end();
      closeAfterEnd(response);
      return response;
    },
  });
}
