/*
 * gRPC message framing (the gRPC over HTTP/2 document, "Length-Prefixed-Message"):
 *
 *   offset  type     name        meaning
 *   0       uint8    compressed  0: as is (bot-join never asks for compression)
 *   1       uint32   length      of the message, big-endian
 *   5       bytes    message
 */

/** The receive limit of gRPC's own defaults (user-certs.md section 1.4), in bytes. */
export const maxGrpcMessageBytes: number = 4 * 1024 * 1024;

const headerBytes = 5;

/** Writes the five bytes that go in front of a message of `length` bytes. */
export function encodeGrpcHeader(length: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  new DataView(header.buffer).setUint32(1, length);
  return header;
}

/** Cuts a stream of bytes into gRPC messages, however the stream was chunked. */
export class GrpcMessageReader {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /**
   * Takes the next bytes and gives every message that is complete now.
   * Throws a RangeError for a compressed message or one over {@link maxGrpcMessageBytes}, before buffering it.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    const messages: Uint8Array[] = [];
    for (let length = this.#nextLength(); length !== undefined; length = this.#nextLength()) {
      messages.push(this.#take(headerBytes + length).subarray(headerBytes));
    }
    return messages;
  }

  #nextLength(): number | undefined {
    if (this.#pendingBytes < headerBytes) return undefined;
    const header = this.#peek();
    if (header[0] !== 0)
      throw new RangeError("the server sent a compressed message, which was not asked for");
    const length = new DataView(header.buffer, header.byteOffset).getUint32(1);
    if (length > maxGrpcMessageBytes)
      throw new RangeError(`the server announced a message of ${length} bytes`);
    return this.#pendingBytes < headerBytes + length ? undefined : length;
  }

  #peek(): Uint8Array {
    const head = this.#pending[0];
    if (head === undefined || head.length < headerBytes) this.#pending = [Buffer.concat(this.#pending)];
    return this.#pending[0] as Uint8Array;
  }

  #take(bytes: number): Uint8Array {
    if ((this.#pending[0]?.length ?? 0) < bytes) this.#pending = [Buffer.concat(this.#pending)];
    const head = this.#pending[0] as Uint8Array;
    this.#pendingBytes -= bytes;
    if (head.length === bytes) this.#pending.shift();
    else this.#pending[0] = head.subarray(bytes);
    return head.subarray(0, bytes);
  }
}
