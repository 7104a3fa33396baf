import {
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import type { Readable, Writable } from "node:stream";
import type { TLSSocket } from "node:tls";
import { encodeGrpcHeader, GrpcMessageReader } from "../frames/grpc-message.ts";
import {
  decodeProxySshResponse,
  encodeDialTarget,
  encodeSshFrame,
  maxSshFrameBytes,
} from "../frames/proxy-ssh.ts";
import {
  cutError,
  type GrpcStatus,
  hungUpError,
  noAnswerError,
  notProxySshError,
  readGrpcStatus,
  refusedError,
  type SshDial,
} from "./ssh-outcome.ts";

/** One SSH connection through the proxy. Both streams are taken over for good. */
export interface SshPipeOptions extends SshDial {
  /** A connection made by `openSshRoute`. */
  socket: TLSSocket;
  /** Bytes from the SSH client; not read before the node is reached. */
  input: Readable;
  /** Bytes for the SSH client; not ended. */
  output: Writable;
  /** Default: 35 s for reaching the node, 5 s after ssh has ended. */
  patience?: SshPatience;
}

/** Large enough that a fast, distant node is not slowed down by flow control; the receiver applies back-pressure. */
const windowBytes = 4 * 1024 * 1024;

/** Statuses of a session that ended as sessions do: by itself, or because one side left (proxy-transport.md section 4.1). */
const ordinaryEnds: readonly number[] = [0, 1];

/**
 * Connects an SSH client's byte stream with a node through `ProxySSH`. Resolves when either side is done and
 * everything that came from the node has been taken by `output`. Throws `ERR_TRANSPORT_SSH_REFUSED` when the
 * proxy does not reach the node, `ERR_TRANSPORT_CERTIFICATE_REFUSED` when it hangs up before saying anything,
 * `ERR_TRANSPORT_CONNECTION_LOST` when the session is cut and `ERR_TRANSPORT_ANSWER_INVALID` when the other
 * end is not Teleport's SSH transport.
 */
export async function pipeSsh(options: SshPipeOptions): Promise<void> {
  const { socket, output } = options;
  // On a connection that is already gone the call would wait for ever.
  if (socket.destroyed) throw hungUpError(options);
  const session = connect(`https://${options.proxy}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: windowBytes, enablePush: false },
  });
  // Failures of the session and of its stream come together; the stream's is the one that is reported.
  session.on("error", () => {});
  session.once("connect", () => session.setLocalWindowSize(windowBytes));
  const stream = session.request({
    ":method": "POST",
    ":path": "/teleport.transport.v1.TransportService/ProxySSH",
    "content-type": "application/grpc",
    te: "trailers",
  });
  try {
    send(stream, encodeDialTarget(options.hostPort, options.cluster));
    await exchange(stream, options);
  } finally {
    stream.close(constants.NGHTTP2_NO_ERROR);
    session.destroy();
    socket.destroy();
    await flush(output);
  }
}

/** Waits until everything written so far has been taken. A `drain` event would come only after a full buffer. */
async function flush(output: Writable): Promise<void> {
  if (output.destroyed || output.writableEnded) return;
  await new Promise<void>((done) => output.write(new Uint8Array(0), () => done()));
}

function send(stream: ClientHttp2Stream, message: Uint8Array): boolean {
  stream.cork();
  stream.write(encodeGrpcHeader(message.length));
  const flowing = stream.write(message);
  stream.uncork();
  return flowing;
}

/** Forwards the client's bytes; called once the node is reached, so that nothing has to be buffered before. */
function forwardInput(stream: ClientHttp2Stream, input: Readable): void {
  const forward = (chunk: Buffer): void => {
    let flowing = true;
    for (let offset = 0; offset < chunk.length; offset += maxSshFrameBytes) {
      flowing = send(stream, encodeSshFrame(chunk.subarray(offset, offset + maxSshFrameBytes)));
    }
    if (flowing) return;
    input.pause();
    stream.once("drain", resume);
  };
  const resume = (): void => void input.resume();
  const stop = (): void => {
    input.removeListener("data", forward);
    stream.removeListener("drain", resume);
    input.pause();
    stream.end();
  };
  input.on("data", forward);
  input.once("end", stop);
  // The server has ended the call; ending it too lets the stream close.
  stream.once("end", stop);
  stream.once("close", stop);
}

/** Hands the node's bytes to the client, no faster than it takes them. */
function deliver(stream: ClientHttp2Stream, output: Writable, bytes: Uint8Array): void {
  if (output.write(bytes) || stream.isPaused()) return;
  stream.pause();
  output.once("drain", () => stream.resume());
}

function isGrpc(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): boolean {
  return headers[":status"] === 200 && (headers["content-type"] ?? "").startsWith("application/grpc");
}

/** How long pipeSsh waits for silence to end, in milliseconds. */
interface SshPatience {
  /** For the proxy to reach the node; the proxy itself gives up after 30 s. */
  dialMs: number;
  /** For the rest of a session once ssh has ended its side. */
  farewellMs: number;
}

const defaultPatience: SshPatience = { dialMs: 35_000, farewellMs: 5000 };

function exchange(stream: ClientHttp2Stream, options: SshPipeOptions): Promise<void> {
  const { input, output, patience = defaultPatience } = options;
  const reader = new GrpcMessageReader();
  let connected = false;
  let status: GrpcStatus | undefined;
  return new Promise((resolve, reject) => {
    // Without these an ssh that was killed would leave this process behind whenever the other end says nothing more.
    stream.setTimeout(patience.dialMs, () => {
      if (connected || input.readableEnded) resolve();
      else reject(noAnswerError(options, patience.dialMs));
    });
    const inputEnded = (): void => void stream.setTimeout(patience.farewellMs);
    if (input.readableEnded || input.destroyed) inputEnded();
    else input.once("end", inputEnded).once("close", inputEnded);
    const receive = (chunk: Uint8Array): void => {
      for (const message of reader.push(chunk)) {
        const response = decodeProxySshResponse(message);
        if (response.connected && !connected) {
          connected = true;
          stream.setTimeout(0);
          forwardInput(stream, input);
        }
        if (response.ssh !== undefined) deliver(stream, output, response.ssh);
      }
    };
    stream.on("response", (headers) => {
      status = readGrpcStatus(headers);
      if (isGrpc(headers)) return;
      reject(
        notProxySshError(
          options,
          `HTTP status ${headers[":status"]}, ${headers["content-type"] ?? "no type"}`,
        ),
      );
    });
    stream.on("trailers", (trailers) => {
      status = readGrpcStatus(trailers) ?? status;
    });
    stream.on("data", (chunk: Uint8Array) => {
      try {
        receive(chunk);
      } catch (error) {
        reject(notProxySshError(options, error instanceof Error ? error.message : String(error), error));
      }
    });
    stream.on("end", () => stream.end());
    let cause: unknown;
    stream.on("error", (error) => {
      cause = error;
    });
    stream.on("close", () => {
      const ordinary = status !== undefined && ordinaryEnds.includes(status.code);
      if (connected) {
        if (ordinary || (status === undefined && input.readableEnded)) resolve();
        else reject(cutError(options, status));
      } else reject(status === undefined ? hungUpError(options, cause) : refusedError(options, status));
    });
    // With the SSH client gone, nobody is left to tell anything.
    const clientLeft = (): void => {
      if (output.destroyed || (input.destroyed && !input.readableEnded)) resolve();
    };
    for (const end of [input, output]) end.on("error", clientLeft).on("close", clientLeft);
    clientLeft();
  });
}
