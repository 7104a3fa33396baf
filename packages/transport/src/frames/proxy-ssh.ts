/*
 * The messages of teleport.transport.v1.TransportService/ProxySSH (proxy-transport.md section 4.1), written
 * by hand: this code runs once per SSH connection, and the generated runtime would double its start.
 *
 *   ProxySSHRequest   1 dial_target { 1 host_port, 2 cluster }   2 ssh { 1 payload }   3 agent { 1 payload }
 *   ProxySSHResponse  1 details { 1 fips_enabled }               2 ssh { 1 payload }   3 agent { 1 payload }
 */

/** Largest payload that both official sides put into one frame (proxy-transport.md section 4.1), in bytes. */
export const maxSshFrameBytes = 16_384;

function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}

function lengthDelimited(field: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([(field << 3) | 2, ...encodeVarint(payload.length)]), payload]);
}

/** Encodes the first request: where to connect, and nothing else (the server drops a frame beside it). */
export function encodeDialTarget(hostPort: string, cluster: string): Uint8Array {
  const target = Buffer.concat([
    lengthDelimited(1, Buffer.from(hostPort, "utf8")),
    lengthDelimited(2, Buffer.from(cluster, "utf8")),
  ]);
  return lengthDelimited(1, target);
}

/** Encodes a request that carries bytes of the SSH connection; empty payloads are never sent. */
export function encodeSshFrame(payload: Uint8Array): Uint8Array {
  const frameHeader = [0x0a, ...encodeVarint(payload.length)];
  const outer = [0x12, ...encodeVarint(frameHeader.length + payload.length), ...frameHeader];
  return Buffer.concat([Uint8Array.from(outer), payload]);
}

/** What one response of the server holds. */
export interface ProxySshResponse {
  /** Set in the first response: the node was reached. */
  connected: boolean;
  /** Bytes of the SSH connection from the node. */
  ssh: Uint8Array | undefined;
}

function malformed(): RangeError {
  return new RangeError("the server sent a malformed message");
}

/** Walks the fields of a protobuf message; `visit` gets the bytes of length-delimited ones only. */
function walk(message: Uint8Array, visit: (field: number, value: Uint8Array) => void): void {
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[offset++];
      if (byte === undefined || shift > 2 ** 63) throw malformed();
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (offset < message.length) {
    const tag = varint();
    if (tag < 8 || tag > 0xffff_ffff) throw malformed();
    const wireType = tag % 8;
    if (wireType === 0) varint();
    else if (wireType === 1) offset += 8;
    else if (wireType === 5) offset += 4;
    else if (wireType === 2) {
      const length = varint();
      if (length > message.length - offset) throw malformed();
      visit(Math.floor(tag / 8), message.subarray(offset, offset + length));
      offset += length;
    } else throw malformed();
  }
  if (offset > message.length) throw malformed();
}

/** Decodes a response; fields it does not know are passed over. Throws a RangeError for bytes that are no protobuf. */
export function decodeProxySshResponse(message: Uint8Array): ProxySshResponse {
  const response: ProxySshResponse = { connected: false, ssh: undefined };
  walk(message, (field, value) => {
    if (field === 1) response.connected = true;
    if (field === 2) {
      walk(value, (inner, payload) => {
        if (inner === 1) response.ssh = payload;
      });
    }
  });
  return response;
}
