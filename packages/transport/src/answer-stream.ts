import type { ClientHttp2Stream } from "node:http2";
import { PassThrough } from "node:stream";
import { Http2SessionManager } from "@connectrpc/connect-node";

/**
 * Bytes that may be on their way to us: more than the answers of all calls of a join. With HTTP/2's own 64 KiB those of fifty
 * outputs would take four round trips more.
 */
const connectionWindowBytes = 4 * 1024 * 1024;

/**
 * Sessions whose answers can be read however they arrive. An HTTP/2 stream calls itself closed as soon as the last byte is
 * in, and from 24.21 on Node refuses to begin reading such a stream ("Premature close"), though all of the answer is
 * there. It is so for every answer that a server, or the network, sends in one piece.
 */
export class AnswerSessionManager extends Http2SessionManager {
  override async request(...request: Parameters<Http2SessionManager["request"]>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...request);
    const { session } = stream;
    if (session !== undefined && (session.state.effectiveLocalWindowSize ?? 0) < connectionWindowBytes)
      session.setLocalWindowSize(connectionWindowBytes);
    const answer = readFromStart(stream);
    return Object.assign(stream, { [Symbol.asyncIterator]: () => answer[Symbol.asyncIterator]() });
  }
}

/** Reads from before the first byte; what is read waits for whoever asks. */
function readFromStart(stream: ClientHttp2Stream): PassThrough {
  const answer = stream.pipe(new PassThrough());
  // Whoever reads sees it; where nobody does, the stream itself has told.
  answer.on("error", () => {});
  stream.once("close", () => {
    if (!stream.readableEnded) answer.destroy(new Error("the answer ends in the middle"));
  });
  return answer;
}
