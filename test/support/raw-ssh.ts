import { once } from "node:events";
import type { ClientHttp2Stream } from "node:http2";
import { ProxySSHRequestSchema, type ProxySSHResponse, ProxySSHResponseSchema } from "@bot-join/proto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { grpcFrame, type RawGrpc, type RawGrpcAnswer, readAnswer } from "./raw-client.ts";

/** One ProxySSH stream, message by message. */
export class RawSsh {
  readonly stream: ClientHttp2Stream;
  /** The whole answer, once the stream is over. */
  readonly done: Promise<RawGrpcAnswer>;
  readonly #answers: ProxySSHResponse[] = [];
  #pending: Buffer = Buffer.alloc(0);

  constructor(grpc: RawGrpc) {
    this.stream = grpc.open("/teleport.transport.v1.TransportService/ProxySSH");
    this.done = readAnswer(this.stream);
    this.done.catch(() => undefined);
    this.stream.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  send(message: MessageInitShape<typeof ProxySSHRequestSchema>): void {
    this.stream.write(grpcFrame(toBinary(ProxySSHRequestSchema, create(ProxySSHRequestSchema, message))));
  }

  dial(hostPort: string, cluster = "bot.test"): void {
    this.send({ dialTarget: { hostPort, cluster } });
  }

  ssh(bytes: string | Uint8Array): void {
    this.send({ frame: { case: "ssh", value: { payload: Buffer.from(bytes as string) } } });
  }

  /** Answers so far, in order. */
  get answers(): readonly ProxySSHResponse[] {
    return this.#answers;
  }

  /** The SSH bytes so far. */
  get received(): Buffer {
    return Buffer.concat(
      this.#answers.map(({ frame }) => (frame.case === "ssh" ? frame.value.payload : Buffer.alloc(0))),
    );
  }

  /** Waits until a condition on the answers holds; rejects when the stream is over first. */
  async until(condition: (ssh: RawSsh) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.stream.closed) throw new Error("the stream was over first");
      await Promise.race([once(this.stream, "data"), once(this.stream, "close")]);
    }
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 5) {
      const length = this.#pending.readUInt32BE(1);
      if (this.#pending.length < 5 + length) return;
      this.#answers.push(fromBinary(ProxySSHResponseSchema, this.#pending.subarray(5, 5 + length)));
      this.#pending = this.#pending.subarray(5 + length);
    }
  }
}
