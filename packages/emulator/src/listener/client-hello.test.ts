import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import tls from "node:tls";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { maxClientHelloBytes, parseClientHello } from "./client-hello.ts";

/** Records the first bytes that Node's own TLS client sends. */
async function recordHello(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, "connection");
  const client = tls.connect({ socket: connect(port, "127.0.0.1"), ...options });
  client.on("error", () => undefined);
  const [socket] = await accepted;
  let bytes = Buffer.alloc(0);
  while (parseClientHello(bytes).state === "incomplete") {
    const [chunk] = await once(socket, "data");
    bytes = Buffer.concat([bytes, chunk]);
  }
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** Cuts the one record of a hello into several. */
function resplit(hello: Buffer, size: number): Buffer {
  const body = hello.subarray(5);
  const records: Buffer[] = [];
  for (let offset = 0; offset < body.length; offset += size) {
    const fragment = body.subarray(offset, offset + size);
    const header = Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 255]);
    records.push(header, fragment);
  }
  return Buffer.concat(records);
}

let hello: Buffer;

beforeAll(async () => {
  hello = await recordHello({ servername: "proxy.bot.test", ALPNProtocols: ["teleport-proxy-grpc", "h2"] });
});

describe("parseClientHello", () => {
  const expected = {
    state: "complete",
    hello: { serverName: "proxy.bot.test", alpn: ["teleport-proxy-grpc", "h2"] },
  };

  it("reads server name and ALPN list of Node's client", () => {
    expect(parseClientHello(hello)).toEqual(expected);
  });

  it("waits for the rest, wherever it was cut", () => {
    for (let length = 0; length < hello.length; length++) {
      expect(parseClientHello(hello.subarray(0, length))).toEqual({ state: "incomplete" });
    }
  });

  it.each([1, 3, 50, 500])("joins records of %i bytes", (size) => {
    expect(parseClientHello(resplit(hello, size))).toEqual(expected);
  });

  it("reads a hello without either extension", async () => {
    const plain = await recordHello({ host: "127.0.0.1" });
    expect(parseClientHello(plain)).toEqual({
      state: "complete",
      hello: { serverName: undefined, alpn: undefined },
    });
  });

  it.each([
    ["plain HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "not a TLS handshake record"],
    ["SSH", Buffer.from("SSH-2.0-x\r\n"), "not a TLS handshake record"],
    ["another handshake message", Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]), "not a ClientHello"],
    ["an overlong record", Buffer.from([22, 3, 1, 255, 255, 1]), "claims 65535 bytes"],
    ["an overlong hello", Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255]), "a ClientHello of"],
    ["a short body", Buffer.from([22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3]), "past the end"],
  ])("refuses %s", (_what, bytes, reason) => {
    expect(parseClientHello(bytes)).toEqual({ state: "invalid", reason: expect.stringContaining(reason) });
  });

  it("does not wait for ever", () => {
    const records = resplit(
      Buffer.concat([Buffer.alloc(5), Buffer.from([1, 0, 255, 255]), Buffer.alloc(65_000)]),
      100,
    );
    expect(records.length).toBeGreaterThan(maxClientHelloBytes);
    expect(parseClientHello(records).state).toBe("invalid");
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.nat(hello.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, noise) => {
        const damaged = Buffer.from(hello);
        damaged.set(noise.subarray(0, damaged.length - at), at);
        expect(["complete", "incomplete", "invalid"]).toContain(parseClientHello(damaged).state);
      }),
    );
  });
});
