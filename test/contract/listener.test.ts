import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import type { Emulator } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import {
  authServerName,
  closedSilently,
  RawGrpc,
  type RawIdentity,
  rawAuth,
  rawHttp,
  rawTls,
  rawTransport,
} from "../support/raw-client.ts";
import { joinRaw, targetOf } from "./joined.ts";

const ping = "/proto.AuthService/Ping";
const ours = authServerName("bot.test");

describe.each(["14", "18"] as const)("the port of version %s", (version) => {
  let emulator: Emulator;
  let identity: RawIdentity;

  beforeAll(async () => {
    emulator = await startTestEmulator({ version });
    identity = await joinRaw(emulator);
  });
  afterAll(() => emulator[Symbol.asyncDispose]());

  it.each([
    ["no ALPN", undefined, false],
    ["http/1.1 before h2, whatever the client prefers", ["h2", "http/1.1"], "http/1.1"],
    ["h2 alone", ["h2"], "h2"],
    ["the join service as h2", ["teleport-proxy-grpc", "h2"], "h2"],
    ["the upgrade probe", ["teleport-reversetunnel"], "teleport-reversetunnel"],
  ])("negotiates %s", async (_what, ALPNProtocols, negotiated) => {
    const socket = await rawTls(targetOf(emulator), ALPNProtocols === undefined ? {} : { ALPNProtocols });
    expect(socket.alpnProtocol).toBe(negotiated);
    socket.destroy();
  });

  it("answers the transport route's ALPN as its version does (proxy-transport.md section 1.2)", async () => {
    using grpc = await rawTransport(targetOf(emulator), identity);
    expect(grpc.session.alpnProtocol ?? false).toBe(version === "14" ? false : "h2");
    expect((await grpc.unary("/teleport.transport.v1.TransportService/Nope", new Uint8Array())).message).toBe(
      "unknown method Nope for service teleport.transport.v1.TransportService",
    );
  });

  it.each([
    ["an unknown ALPN", ["unheard-of"], "localhost"],
    ["another cluster", [`teleport-auth@${authServerName("other")}`, "h2"], authServerName("other")],
    ["the auth entry in second place", ["unheard-of", `teleport-auth@${ours}`, "h2"], ours],
  ])("closes on %s without a TLS alert", async (_what, ALPNProtocols, servername) => {
    await expect(rawTls(targetOf(emulator), { ALPNProtocols, servername })).rejects.toThrow(
      /closed during the handshake|disconnected before secure TLS|ECONNRESET/,
    );
  });

  it.each(["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n"])("closes on %j", async (text) => {
    const [host = "", port = ""] = emulator.proxyAddress.split(":");
    const socket = net.connect(Number(port), host);
    socket.on("error", () => undefined);
    socket.write(text);
    expect(await closedSilently(socket)).toBe(true);
  });

  it("reads a ClientHello that comes byte by byte", async () => {
    const [, port = ""] = emulator.proxyAddress.split(":");
    const slow = net.connect(Number(port), "127.0.0.1");
    slow.setNoDelay(true);
    await once(slow, "connect");
    const write = slow.write.bind(slow);
    let split = true;
    slow.write = ((chunk: Uint8Array, ...rest: never[]) => {
      if (!split) return write(chunk, ...rest);
      split = false;
      for (let offset = 0; offset < chunk.length - 1; offset += 100)
        write(chunk.subarray(offset, Math.min(offset + 100, chunk.length - 1)));
      return write(chunk.subarray(chunk.length - 1), ...rest);
    }) as typeof slow.write;
    const socket = tls.connect({ socket: slow, servername: "localhost", ca: emulator.webCaPem });
    await once(socket, "secureConnect");
    socket.destroy();
  });

  it("serves the web API over h2 as well", async () => {
    const socket = await rawTls(targetOf(emulator), { ALPNProtocols: ["h2"] });
    using grpc = new RawGrpc(socket);
    const stream = grpc.session.request({ ":path": "/webapi/find" });
    const [headers] = await once(stream, "response");
    expect(headers[":status"]).toBe(200);
    stream.resume();
    await once(stream, "close");
  });

  it("shows certificates of two authorities that know nothing of each other", async () => {
    await expect(rawTls(targetOf(emulator), { ca: identity.tlsCaCerts[1] ?? "" })).rejects.toThrow();
    const asWeb = rawAuth(targetOf(emulator), "bot.test", identity, { ca: emulator.webCaPem });
    await expect(asWeb).rejects.toThrow();
  });

  it("serves the Auth Service to tbot --auth-server (user-certs.md section 6.3)", async () => {
    using grpc = await rawAuth(targetOf(emulator), "bot.test", identity, { ALPNProtocols: ["h2"] });
    expect((await grpc.unary(ping, new Uint8Array())).status).toBe(0);
    const leaves = await rawHttp(targetOf(emulator), "GET", "/v2/remoteclusters", {
      tls: {
        servername: ours,
        cert: identity.tls,
        key: identity.key.privateKeyPem,
        ca: identity.tlsCaCerts[1] ?? "",
      },
    });
    expect(leaves).toMatchObject({ status: 200, body: "[]" });
  });

  it("refuses a version that is too old only where profiles.md says so", async () => {
    using grpc = await rawAuth(targetOf(emulator), "bot.test", identity);
    const call = await grpc.unary(ping, new Uint8Array(), { version: "1.0.0" });
    if (version === "14") expect(call.status).toBe(0);
    else expect(call).toMatchObject({ status: 7, message: "client version is unsupported" });
  });
});

describe("chains of two certificates (measured-14.2.0.md section 2)", () => {
  it.each(["auth", "transport"] as const)(
    "are closed on after the handshake, on the %s route",
    async (route) => {
      await using emulator = await startTestEmulator({ version: "14" });
      const identity = await joinRaw(emulator);
      const open = (options: tls.ConnectionOptions): Promise<RawGrpc> =>
        route === "auth"
          ? rawAuth(targetOf(emulator), "bot.test", identity, options)
          : rawTransport(targetOf(emulator), identity, options);
      const [userCa = "", hostCa = ""] = identity.tlsCaCerts;
      const path = route === "auth" ? ping : "/teleport.transport.v1.TransportService/GetClusterDetails";

      for (const minVersion of ["TLSv1.2", "TLSv1.3"] as const) {
        const versions = { minVersion, maxVersion: minVersion };
        using good = await open(versions);
        expect((await good.unary(path, new Uint8Array())).status).toBe(0);
        // OpenSSL itself completes the chain from the trust list.
        using completed = await open({ ...versions, ca: [userCa, hostCa] });
        await expect(completed.unary(path, new Uint8Array())).rejects.toThrow("lost");
        using explicit = await open({ ...versions, cert: identity.tls + userCa });
        await expect(explicit.unary(path, new Uint8Array())).rejects.toThrow("lost");
        using unrelated = await open({ ...versions, cert: identity.tls + emulator.webCaPem });
        await expect(unrelated.unary(path, new Uint8Array())).rejects.toThrow("lost");
      }
    },
  );

  it("and certificates of another cluster are refused too", async () => {
    await using emulator = await startTestEmulator();
    await using other = await startTestEmulator();
    const identity = await joinRaw(emulator);
    const stranger = await joinRaw(other);
    using grpc = await rawAuth(targetOf(emulator), "bot.test", {
      ...stranger,
      tlsCaCerts: identity.tlsCaCerts,
    });
    await expect(grpc.unary(ping, new Uint8Array())).rejects.toThrow("lost");
  });
});

describe("the emulator itself", () => {
  it("is disposed of twice without harm and leaves nothing open", async () => {
    const emulator = await startTestEmulator();
    const socket = await rawTls(targetOf(emulator));
    await emulator[Symbol.asyncDispose]();
    await emulator[Symbol.asyncDispose]();
    expect(await closedSilently(socket)).toBe(true);
    await expect(rawTls(targetOf(emulator))).rejects.toThrow("ECONNREFUSED");
  });

  it("says so when its port is taken", async () => {
    await using emulator = await startTestEmulator();
    const port = Number(emulator.proxyAddress.split(":")[1]);
    await expect(startTestEmulator({ port })).rejects.toMatchObject({
      name: "EmulatorError",
      code: "ERR_EMULATOR_LISTEN",
      kind: "user",
      message: expect.stringContaining(`Listening on 127.0.0.1, port ${port}: listen EADDRINUSE`),
    });
  });

  it("counts connections", async () => {
    await using emulator = await startTestEmulator();
    await joinRaw(emulator);
    expect(emulator.counters).toMatchObject({ connections: 1, unrouted: 0, handshakes: { web: 1, auth: 0 } });
  });
});
