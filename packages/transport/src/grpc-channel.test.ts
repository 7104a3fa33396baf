import { once } from "node:events";
import { createServer } from "node:http2";
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
