/**
 * What a TLS ClientHello says before anything is answered (RFC 8446 section 4.1.2, RFC 6066 section 3,
 * RFC 7301 section 3.1).
 *
 * | order | field                     | type                                    |
 * |-------|---------------------------|-----------------------------------------|
 * | 1     | record type 22, version   | uint8, uint16                           |
 * | 2     | record length             | uint16, at most 16384                   |
 * | 3     | handshake type 1, length  | uint8, uint24; may span several records |
 * | 4     | version, random           | uint16, 32 bytes                        |
 * | 5     | session id                | uint8 length                            |
 * | 6     | cipher suites             | uint16 length                           |
 * | 7     | compression methods       | uint8 length                            |
 * | 8     | extensions                | uint16 length of (uint16 type, uint16 length, data) |
 */
export interface ClientHello {
  serverName: string | undefined;
  /** The client's ALPN list in its order; undefined when the extension is absent. */
  alpn: string[] | undefined;
}

/** What the first bytes of a connection turned out to be. */
export type ClientHelloResult =
  | { state: "complete"; hello: ClientHello }
  | { state: "incomplete" }
  | { state: "invalid"; reason: string };

/** Most bytes of a ClientHello that are waited for: a generous multiple of what clients send (1.6 KiB). */
export const maxClientHelloBytes = 65_536;

const handshakeRecord = 22;
const clientHelloType = 1;
const maxRecordBytes = 16_384;
const serverNameExtension = 0;
const alpnExtension = 16;

/** Reads a bounded run of bytes; asking for more than there is throws a RangeError. */
class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  uint(size: 1 | 2 | 3): number {
    let value = 0;
    for (const byte of this.take(size)) value = value * 256 + byte;
    return value;
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new RangeError("a length points past the end");
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  vector(lengthSize: 1 | 2): Reader {
    return new Reader(this.take(this.uint(lengthSize)));
  }
}

/** Joins the handshake bytes of the records seen so far; undefined when a record is not a handshake record. */
function handshakeBytes(bytes: Uint8Array): Uint8Array | string {
  const fragments: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (bytes[offset] !== handshakeRecord) return "the first record is not a TLS handshake record";
    if (bytes.length < offset + 5) break;
    const length = (bytes[offset + 3] ?? 0) * 256 + (bytes[offset + 4] ?? 0);
    if (length === 0 || length > maxRecordBytes) return `a TLS record claims ${length} bytes`;
    fragments.push(bytes.subarray(offset + 5, offset + 5 + length));
    offset += 5 + length;
  }
  return Buffer.concat(fragments);
}

function readServerName(list: Reader): string | undefined {
  const names = list.vector(2);
  while (names.left > 0) {
    const type = names.uint(1);
    const name = names.take(names.uint(2));
    if (type === 0) return Buffer.from(name).toString("latin1");
  }
  return undefined;
}

function readAlpn(list: Reader): string[] {
  const protocols: string[] = [];
  const entries = list.vector(2);
  while (entries.left > 0) protocols.push(Buffer.from(entries.take(entries.uint(1))).toString("latin1"));
  return protocols;
}

function readBody(body: Reader): ClientHello {
  body.take(2 + 32);
  body.vector(1);
  body.vector(2);
  body.vector(1);
  const hello: ClientHello = { serverName: undefined, alpn: undefined };
  if (body.left === 0) return hello;
  const extensions = body.vector(2);
  while (extensions.left > 0) {
    const type = extensions.uint(2);
    const data = extensions.vector(2);
    if (type === serverNameExtension) hello.serverName = readServerName(data);
    if (type === alpnExtension) hello.alpn = readAlpn(data);
  }
  return hello;
}

/** Parses the first bytes of a connection as a ClientHello, asking for more where it is not whole yet. */
export function parseClientHello(bytes: Uint8Array): ClientHelloResult {
  const handshake = handshakeBytes(bytes);
  if (typeof handshake === "string") return { state: "invalid", reason: handshake };
  if (handshake.length > 0 && handshake[0] !== clientHelloType) {
    return { state: "invalid", reason: "the first handshake message is not a ClientHello" };
  }
  const waiting: ClientHelloResult =
    bytes.length > maxClientHelloBytes
      ? { state: "invalid", reason: `no whole ClientHello in ${maxClientHelloBytes} bytes` }
      : { state: "incomplete" };
  if (handshake.length < 4) return waiting;
  const length = new Reader(handshake.subarray(1)).uint(3);
  if (length > maxClientHelloBytes) return { state: "invalid", reason: `a ClientHello of ${length} bytes` };
  if (handshake.length < 4 + length) return waiting;
  try {
    return { state: "complete", hello: readBody(new Reader(handshake.subarray(4, 4 + length))) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { state: "invalid", reason: error.message };
  }
}
