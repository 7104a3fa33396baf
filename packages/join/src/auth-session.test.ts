import { createServer, type Http2Server } from "node:http2";
import type { Server } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Secret } from "@bot-join/core";
import { AuthService, TrustService } from "@bot-join/proto";
import { describe, expect, type TestContext, test } from "vitest";
import { createAuthority } from "../../transport/src/testing/certificates.ts";
import { type Loopback, listen } from "../../transport/src/testing/loopback.ts";
import { startOpensslServer } from "../../transport/src/testing/openssl-server.ts";
import { grpcServer, loopbackDialer } from "../../transport/src/testing/transport-server.ts";
import { openAuthSession } from "./auth-session.ts";
import type { BotIdentity } from "./bot-identity.ts";
import { issueOutputs } from "./output-certificates.ts";
import { issueOptions } from "./testing/issue-options.ts";
import { recordedBot } from "./testing/recorded.ts";

const wildcard = { names: ["DNS:*.teleport.cluster.local", "DNS:teleport.cluster.local"] };

/** A bot whose certificate openssl made, in a cluster of this name. */
function bot(context: TestContext, cluster = "bot.test"): BotIdentity {
  const recorded = recordedBot();
  const { certificatePem, privateKeyPem } = createAuthority(context, "user").issue();
  return {
    ...recorded,
    identity: { ...recorded.identity, cluster },
    keyPair: { ...recorded.keyPair, privateKeyPem: new Secret(privateKeyPem) },
    tlsCertificate: certificatePem,
    hostCa: [createAuthority(context, "host").certificatePem],
  };
}

function authService(): Http2Server {
  return grpcServer((router) => {
    router.service(AuthService, { ping: () => ({ serverVersion: "18.4.1" }) });
    router.service(TrustService, {});
  });
}

function authServer(context: TestContext, http2: Http2Server, options: TlsOptions = {}): Server {
  const leaf = createAuthority(context, "host").issue(wildcard);
  const server = createTlsServer(
    {
      cert: leaf.certificatePem,
      key: leaf.privateKeyPem,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
      ...options,
    },
    (socket) => {
      socket.on("error", () => {});
      http2.emit("connection", socket);
    },
  );
  http2.on("sessionError", () => {});
  return server.on("tlsClientError", () => {});
}

async function open(server: Pick<Loopback, "port">, identity: BotIdentity) {
  const dialer = loopbackDialer(server);
  return openAuthSession(dialer, await dialer.openTcp(), identity);
}

async function issue(server: Loopback, context: TestContext) {
  const identity = bot(context);
  const session = await open(server, identity);
  return issueOutputs(session, issueOptions({ bot: identity }));
}

describe("openAuthSession", () => {
  test.for([["bot.test"], ["c".repeat(31)], ["c".repeat(32)], ["c".repeat(109)]])(
    "cluster %s: the route comes first in ALPN, and SNI says the same",
    async ([cluster], context) => {
      const name = `${Buffer.from(cluster ?? "").toString("hex")}.teleport.cluster.local`;
      const offered: { servername: string; protocols: string[] }[] = [];
      const alpn: TlsOptions = {
        ALPNProtocols: undefined,
        ALPNCallback: (hello) => {
          offered.push(hello);
          return "h2";
        },
      };
      await using server = await listen(authServer(context, authService(), alpn));
      const session = await open(server, bot(context, cluster));
      expect(await session.auth.ping({})).toMatchObject({ serverVersion: "18.4.1" });
      expect(offered).toEqual([{ servername: name, protocols: [`teleport-auth@${name}`, "h2"] }]);
      session.channel.close();
    },
  );

  test("a cluster name that no ALPN entry holds", async (context) => {
    await using server = await listen(authServer(context, authService()));
    await expect(open(server, bot(context, "c".repeat(110)))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CLUSTER_NAME",
      message: expect.stringContaining("110 bytes"),
    });
  });

  test("a load balancer that answers another protocol", async (context) => {
    await using server = await startOpensslServer(
      context,
      createAuthority(context, "host").issue(wildcard),
      [],
    );
    await expect(open(server, bot(context))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_NOT_TELEPORT",
      message: expect.stringContaining("(ALPN answer: none)"),
    });
  });

  test("an unknown cluster: the proxy closes without a word", async (context) => {
    const silent = authServer(context, authService());
    silent.removeAllListeners("connection");
    silent.on("connection", (socket) => socket.once("data", () => socket.end()));
    await using server = await listen(silent);
    await expect(open(server, bot(context))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      retryable: true,
    });
  });

  test("a certificate of another CA than the host CA", async (context) => {
    await using server = await listen(authServer(context, authService()));
    const stranger = { ...bot(context), hostCa: [createAuthority(context, "user").certificatePem] };
    await expect(open(server, stranger)).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CERTIFICATE_UNTRUSTED",
    });
  });
});

describe("a session whose connection ends", () => {
  const lost = { code: "ERR_TRANSPORT_CONNECTION_LOST", kind: "network", retryable: true };

  test("because the server refuses the bot's certificate, as TLS 1.3 shows it", async (context) => {
    const other = createAuthority(context, "other").certificatePem;
    await using server = await listen(
      authServer(context, authService(), { rejectUnauthorized: true, ca: other }),
    );
    await expect(issue(server, context)).rejects.toMatchObject({
      ...lost,
      hint: expect.stringContaining("refuses the bot's certificate"),
    });
  });

  test.for<[string, (http2: Http2Server) => void]>([
    ["before an answer", (http2) => http2.on("stream", (stream) => stream.session?.destroy())],
    [
      "in the middle of an answer",
      (http2) =>
        http2.on("stream", (stream) => {
          stream.on("error", () => {});
          stream.respond({ ":status": 200, "content-type": "application/grpc" });
          stream.write(Buffer.from("00000000ff0a", "hex"), () => stream.session?.destroy());
        }),
    ],
  ])("%s", async ([_when, act], context) => {
    const http2 = createServer();
    act(http2);
    await using server = await listen(authServer(context, http2));
    await expect(issue(server, context)).rejects.toMatchObject(lost);
  });
});

describe("an answer over a real connection", () => {
  /** Answers one call with these bytes and this status, and leaves the others open. */
  function answering(bytes: Buffer, trailers: Record<string, string>): Http2Server {
    return createServer().on("stream", (stream, headers) => {
      stream.on("error", () => {});
      if (headers[":path"] !== "/proto.AuthService/Ping") return;
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end(bytes);
    });
  }

  test.for<[string, Buffer]>([
    ["no protobuf", Buffer.from("00000000020aff", "hex")],
    [
      "longer than 4 MiB",
      Buffer.concat([Buffer.from("0000400001", "hex"), Buffer.alloc(4 * 1024 * 1024 + 1)]),
    ],
  ])("%s", async ([_what, bytes], context) => {
    await using server = await listen(authServer(context, answering(bytes, { "grpc-status": "0" })));
    await expect(issue(server, context)).rejects.toMatchObject({
      code: "ERR_JOIN_ANSWER_INVALID",
      retryable: false,
    });
  });

  test.for<[number, boolean]>([
    [1, false],
    [3, false],
    [10, false],
    [13, false],
    [14, true],
  ])(
    "status %i is what the server said, whatever connect uses that number for",
    async ([status, retryable], context) => {
      const trailers = { "grpc-status": String(status), "grpc-message": "as told" };
      await using after = await listen(authServer(context, answering(Buffer.alloc(0), trailers)));
      const alone = createServer().on("stream", (stream) => {
        stream.respond(
          { ":status": 200, "content-type": "application/grpc", ...trailers },
          { endStream: true },
        );
      });
      await using trailersOnly = await listen(authServer(context, alone));
      for (const server of [after, trailersOnly]) {
        await expect(issue(server, context)).rejects.toMatchObject({
          code: "ERR_JOIN_CERTIFICATES_REFUSED",
          retryable,
          message: expect.stringContaining(`as told (gRPC status ${status})`),
        });
      }
    },
  );
});
