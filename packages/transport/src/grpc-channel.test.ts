import { once } from "node:events";
import { createServer } from "node:http2";
import type { Duplex } from "node:stream";
import { TransportService } from "@bot-join/proto";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, type TestContext, test } from "vitest";
import { createGrpcChannel } from "./grpc-channel.ts";
import { openSshRoute } from "./ssh-stream/ssh-route.ts";
import type { Loopback } from "./testing/loopback.ts";
import { grpcServer, loopbackDialer, startTransportServer, testRoute } from "./testing/transport-server.ts";

async function open(context: TestContext, server: Loopback) {
  const socket = await openSshRoute(loopbackDialer(server), testRoute(context));
  const channel = createGrpcChannel(socket, "auth.test");
  return { socket, channel, client: createClient(TransportService, channel.transport) };
}

describe("createGrpcChannel", () => {
  test("makes calls side by side on its one connection, and closes it", async (context) => {
    const authorities: (string | undefined)[] = [];
    const http2 = grpcServer((router) =>
      router.service(TransportService, { getClusterDetails: () => ({ details: { fipsEnabled: true } }) }),
    );
    http2.on("stream", (_stream, headers) => authorities.push(headers[":authority"]));
    await using server = await startTransportServer(context, http2);
    const { socket, channel, client } = await open(context, server);
    const answers = await Promise.all([1, 2, 3].map(() => client.getClusterDetails({})));
    expect(answers.map(({ details }) => details?.fipsEnabled)).toEqual([true, true, true]);
    expect(authorities).toEqual(Array(3).fill("auth.test:443"));
    expect(server.connections.size).toBe(1);
    channel.close();
    if (!socket.closed) await once(socket, "close");
    await expect(client.getClusterDetails({})).rejects.toBeInstanceOf(ConnectError);
  });

  test("a connection that has gone, or whose session has ended, fails and is neither waited for nor used again", async (context) => {
    const http2 = createServer().on("stream", (stream) => {
      stream.on("error", () => {});
      // GOAWAY: no further call on this session, though the connection stays.
      stream.session?.goaway(0);
      stream.respond(
        { ":status": 200, "content-type": "application/grpc", "grpc-status": "7" },
        { endStream: true },
      );
    });
    await using server = await startTransportServer(context, http2);
    const gone = await open(context, server);
    gone.socket.destroy();
    await expect(gone.client.getClusterDetails({})).rejects.toMatchObject({ code: Code.Internal });
    const { client } = await open(context, server);
    await expect(client.getClusterDetails({})).rejects.toMatchObject({ code: Code.PermissionDenied });
    await expect(client.getClusterDetails({})).rejects.toMatchObject({
      rawMessage: "the connection to the cluster is gone",
    });
  });

  test("answers that come in one piece are read like any others", async (context) => {
    const frame = (type: number, flags: number, stream: number, payload: string | Buffer): Buffer => {
      const bytes = Buffer.from(payload as string, "latin1");
      const header = Buffer.alloc(9);
      header.writeUIntBE(bytes.length, 0, 3);
      header.writeUInt8(type, 3);
      header.writeUInt8(flags, 4);
      header.writeUInt32BE(stream, 5);
      return Buffer.concat([header, bytes]);
    };
    // RFC 7541 section 6.2.2: a literal without indexing.
    const literal = (name: string, value: string): string =>
      `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`;
    const headers = `\x88${literal("content-type", "application/grpc")}`;
    // A field that nobody knows makes the message longer.
    const message = `\0\0\0\x0f\xa7\x0a\x02\x08\x01\x7a\xa0\x1f${"x".repeat(4000)}`;
    const trailers = literal("grpc-status", "0");
    // RFC 9113 section 6: HEADERS, DATA, and HEADERS that end the stream.
    const streams = [1, 3, 5, 7, 9];
    const answers = Buffer.concat([
      ...[1, 3, 5, 7].map((stream) => frame(1, 4, stream, headers)),
      ...[1, 3, 5, 7].map((stream) => frame(0, 0, stream, message)),
      ...[1, 3, 5, 7].map((stream) => frame(1, 5, stream, trailers)),
      frame(1, 4, 9, headers),
      frame(0, 0, 9, message),
      frame(1, 5, 9, trailers),
    ]);
    const http2 = createServer();
    http2.removeAllListeners("connection").on("connection", (socket: Duplex) => {
      let requests = Buffer.alloc(0);
      // SETTINGS and its acknowledgement.
      socket.write(Buffer.concat([frame(4, 0, 0, ""), frame(4, 1, 0, "")]));
      socket
        .on("error", () => {})
        .on("data", (chunk: Buffer) => {
          requests = Buffer.concat([requests, chunk]);
          const last = frame(0, 0, 9, "\0\0\0\0\0").subarray(5);
          if (requests.includes(last)) socket.write(answers);
        });
    });
    await using server = await startTransportServer(context, http2);
    const { client } = await open(context, server);
    const answered = await Promise.all(streams.map(() => client.getClusterDetails({})));
    expect(answered.map(({ details }) => details?.fipsEnabled)).toEqual(streams.map(() => true));
  });

  test("an answer over 4 MiB is refused", async (context) => {
    const http2 = createServer().on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.end(Buffer.concat([Buffer.from("0000400001", "hex"), Buffer.alloc(4 * 1024 * 1024 + 1)]));
    });
    await using server = await startTransportServer(context, http2);
    const { client } = await open(context, server);
    await expect(client.getClusterDetails({})).rejects.toMatchObject({ code: Code.ResourceExhausted });
  });
});
