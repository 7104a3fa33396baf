import type { ClientHttp2Stream } from "node:http2";
import type { ConnectionOptions } from "node:tls";
import { encodePem, parsePem } from "@bot-join/core";
import {
  grpcFrame,
  RawGrpc,
  type RawIdentity,
  type RawKey,
  type RawTarget,
  rawTls,
  readAnswer,
} from "../support/raw-client.ts";

// `teleport.join.v1` by hand (join.md section 5): neither our generated messages nor our client code.

/** The field of a message: its number, and its bytes, text or number. */
type Field = readonly [number, Uint8Array | string | number];

/** Writes a protobuf message. */
export function message(...fields: Field[]): Buffer {
  const parts = fields.map(([number, value]) => {
    if (typeof value === "number") return Buffer.concat([varint(number << 3), varint(value)]);
    const bytes = Buffer.from(value as string);
    return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
  });
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Reads a protobuf message of length-delimited fields, by number. */
function fields(bytes: Buffer): Map<number, Buffer[]> {
  const found = new Map<number, Buffer[]>();
  let offset = 0;
  const number = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(offset++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const tag = number();
    if ((tag & 7) !== 2) throw new Error(`field ${tag >> 3} is not length-delimited`);
    const length = number();
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), bytes.subarray(offset, offset + length)]);
    offset += length;
  }
  return found;
}

/** The one field of a number, empty when it is not there. */
export function field(bytes: Buffer, ...path: number[]): Buffer {
  return path.reduce((inner, number) => fields(inner).get(number)?.[0] ?? Buffer.alloc(0), bytes);
}

/** The messages that a client sends, as payloads of a JoinRequest. */
export const requests = {
  clientInit: (token: string, method: string | undefined, ...more: Field[]): Buffer =>
    message([1, message(...(method === undefined ? [] : [[1, method] as Field]), [2, token], ...more)]),
  tokenInit: (params: Buffer): Buffer => message([2, message([1, params])]),
  oidcInit: (params: Buffer, idToken: string): Buffer => message([8, message([1, params], [2, idToken])]),
  givingUp: (reason: number, text: string): Buffer => message([6, message([1, reason], [2, text])]),
};

/** `ClientParams` of a bot. */
export function botParams(key: RawKey, expires?: Date): Buffer {
  const keys = message([1, parsePem(key.publicKeyPem)[0]?.der ?? ""], [2, wireOf(key.publicKeyLine)]);
  const timestamp = expires && message([1, Math.floor(expires.getTime() / 1000)]);
  return message([2, message([1, keys], ...(timestamp === undefined ? [] : [[2, timestamp] as Field]))]);
}

function wireOf(line: string): Buffer {
  return Buffer.from(line.split(" ")[1] ?? "", "base64");
}

/** How a stream ended. */
export interface StreamEnd {
  status: number;
  message: string;
}

/** One attempt to join, message by message. */
export class RawJoin implements Disposable {
  readonly #grpc: RawGrpc;
  readonly #stream: ClientHttp2Stream;
  readonly #answers: Buffer[] = [];
  readonly #end: Promise<StreamEnd>;
  #rest: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  constructor(grpc: RawGrpc, metadata: Record<string, string> = {}) {
    this.#grpc = grpc;
    this.#stream = grpc.open("/teleport.join.v1.JoinService/Join", metadata);
    this.#stream.on("data", (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      while (this.#rest.length >= 5 && this.#rest.length >= 5 + this.#rest.readUInt32BE(1)) {
        const end = 5 + this.#rest.readUInt32BE(1);
        this.#answers.push(this.#rest.subarray(5, end));
        this.#rest = this.#rest.subarray(end);
      }
      this.#wake();
    });
    this.#end = readAnswer(this.#stream);
    this.#end.catch(() => undefined);
  }

  send(payload: Buffer): void {
    this.#stream.write(grpcFrame(payload));
  }

  /** Closes the client's direction. */
  halfClose(): void {
    this.#stream.end();
  }

  /** The next JoinResponse, or how the stream ended instead. */
  async receive(): Promise<Buffer | StreamEnd> {
    const arrived = new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#answers.length > 0) resolve();
    });
    const end = await Promise.race([arrived.then(() => undefined), this.#end]);
    const answer = this.#answers.shift();
    if (answer !== undefined) return answer;
    const { status, message: text } = end ?? (await this.#end);
    return { status, message: text };
  }

  /** The status that the stream ends with; rejects when a message comes before. */
  async end(): Promise<StreamEnd> {
    const answer = await this.receive();
    if ("status" in answer) return answer;
    throw new Error(`a message came: ${answer.toString("hex")}`);
  }

  /** The next message, as the payload of one number. Rejects when the stream ended or another message came. */
  async expect(payload: number): Promise<Buffer> {
    const answer = await this.receive();
    if ("status" in answer) throw new Error(`the stream ended: ${JSON.stringify(answer)}`);
    const found = fields(answer).get(payload)?.[0];
    if (found === undefined) throw new Error(`another message came: ${answer.toString("hex")}`);
    return found;
  }

  [Symbol.dispose](): void {
    this.#grpc[Symbol.dispose]();
  }
}

/** Starts an attempt through the proxy, without a client certificate. */
export async function rawJoinStream(
  target: RawTarget,
  metadata: Record<string, string> = {},
  options: ConnectionOptions = {},
): Promise<RawJoin> {
  const socket = await rawTls(target, { ALPNProtocols: ["teleport-proxy-grpc", "h2"], ...options });
  if (socket.alpnProtocol !== "h2") throw new Error(`negotiated ${socket.alpnProtocol}`);
  return new RawJoin(new RawGrpc(socket), metadata);
}

/** Reads the certificates of a Result into the forms that the other transport has. */
export function readJoinResult(key: RawKey, result: Buffer): RawIdentity {
  const certificates = fields(field(result, 2, 1));
  const pem = (der: Buffer): string => encodePem("CERTIFICATE", der);
  const line = (blob: Buffer): string => {
    const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString();
    return `${type} ${blob.toString("base64")}\n`;
  };
  return {
    key,
    tls: pem(certificates.get(1)?.[0] ?? Buffer.alloc(0)),
    tlsCaCerts: (certificates.get(2) ?? []).map(pem),
    ssh: line(certificates.get(3)?.[0] ?? Buffer.alloc(4)),
    sshCaCerts: (certificates.get(4) ?? []).map(line),
  };
}
