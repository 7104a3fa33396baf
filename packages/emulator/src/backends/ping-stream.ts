import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { pingSuffix } from "../listener/routes.ts";

/** Wraps a stream in the framing of the `-ping` protocols (proxy-transport.md section 1.4); no keepalives are sent. */
function pingStream(inner: Duplex): Duplex {
  let pending = Buffer.alloc(0);
  const outer = new Duplex({
    read: () => void inner.resume(),
    write(chunk: Buffer, _encoding, done) {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(chunk.length);
      // A frame of no bytes would be a keepalive.
      if (chunk.length === 0) done();
      else inner.write(Buffer.concat([header, chunk]), (error) => done(error));
    },
    final: (done) => void inner.end(() => done()),
    destroy: (error, done) => {
      inner.destroy();
      done(error);
    },
  });
  inner.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const end = 4 + pending.readUInt32BE(0);
      if (pending.length < end) return;
      if (end > 4 && !outer.push(pending.subarray(4, end))) inner.pause();
      pending = pending.subarray(end);
    }
  });
  inner.on("end", () => outer.push(null));
  inner.on("error", (error) => outer.destroy(error));
  inner.on("close", () => outer.destroy());
  return outer;
}

/** Gives the bytes that a client means: without the framing that it may have negotiated. */
export function unframed(socket: TLSSocket): Duplex {
  const protocol = socket.alpnProtocol;
  return typeof protocol === "string" && protocol.endsWith(pingSuffix) ? pingStream(socket) : socket;
}
