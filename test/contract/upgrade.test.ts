import { once } from "node:events";
import { request } from "node:https";
import type { Socket } from "node:net";
import tls, { type TLSSocket } from "node:tls";
import type { Emulator } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import { authServerName, RawGrpc, type RawIdentity, rawHttp, rawTls } from "../support/raw-client.ts";
import { joinRaw, targetOf } from "./joined.ts";

const ours = authServerName("bot.test");

/** Asks for a connection upgrade and gives the stream behind it, with the answer's headers. */
function upgrade(
  emulator: Emulator,
  headers: Record<string, string>,
): Promise<{ socket: Socket; headers: object }> {
  const [host = "", port = ""] = emulator.proxyAddress.split(":");
  return new Promise((resolve, reject) => {
    const asked = request({
      host,
      port,
      path: "/webapi/connectionupgrade",
      agent: false,
      ca: emulator.webCaPem,
      headers,
    });
    asked.on("error", reject);
    asked.on("response", (response) => reject(new Error(`answered ${response.statusCode}`)));
    asked.on("upgrade", (response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve({ socket, headers: response.headers });
    });
    asked.end();
  });
}

async function innerTls(socket: Socket, options: tls.ConnectionOptions): Promise<TLSSocket> {
  const inner = tls.connect({ socket, ...options });
  await once(inner, "secureConnect");
  inner.on("error", () => undefined);
  return inner;
}

describe("GET /webapi/connectionupgrade (measured-14.2.0.md section 8)", () => {
  let emulator: Emulator;
  let identity: RawIdentity;

  beforeAll(async () => {
    emulator = await startTestEmulator({ version: "14", faults: { stripAlpn: true } });
    identity = await joinRaw(emulator);
  });
  afterAll(() => emulator[Symbol.asyncDispose]());

  it("looks needed behind something that strips ALPN", async () => {
    const probe = await rawTls(targetOf(emulator), { ALPNProtocols: ["teleport-reversetunnel"] });
    expect(probe.alpnProtocol).toBe(false);
    probe.destroy();
  });

  it("carries the Auth Service's TLS and gRPC", async () => {
    const { socket, headers } = await upgrade(emulator, {
      Connection: "Upgrade",
      Upgrade: "alpn",
      "X-Teleport-Upgrade": "alpn",
    });
    expect(headers).toEqual({ connection: "Upgrade", upgrade: "alpn", "x-teleport-upgrade": "alpn" });
    const inner = await innerTls(socket, {
      servername: ours,
      ALPNProtocols: [`teleport-auth@${ours}`, "h2"],
      cert: identity.tls,
      key: identity.key.privateKeyPem,
      ca: identity.tlsCaCerts[1] ?? "",
    });
    using grpc = new RawGrpc(inner);
    expect((await grpc.unary("/proto.AuthService/Ping", new Uint8Array())).status).toBe(0);
  });

  it("shows the host certificate for the web API inside (proxy-transport.md section 2.4)", async () => {
    const { socket } = await upgrade(emulator, { Connection: "Upgrade", Upgrade: "alpn" });
    const inner = await innerTls(socket, {
      servername: "teleport.cluster.local",
      ca: identity.tlsCaCerts[1] ?? "",
    });
    expect(inner.getPeerX509Certificate()?.checkHost("teleport.cluster.local")).toBeDefined();
    inner.destroy();
  });

  it.each([["websocket"], ["alpn-ping"], ["nonsense"]])("answers 404 to %s alone", async (type) => {
    const headers = { Connection: "Upgrade", Upgrade: type };
    const answer = await rawHttp(targetOf(emulator), "GET", "/webapi/connectionupgrade", { headers });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({ error: { message: `unsupported upgrade types: [${type}]` } });
  });

  it("writes the status line in a record of its own", async () => {
    const socket = await rawTls(targetOf(emulator));
    const chunks: string[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
    socket.write(
      "GET /webapi/connectionupgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: alpn\r\n\r\n",
    );
    while (!chunks.join("").endsWith("\r\n\r\n")) await once(socket, "data");
    expect(chunks[0]).toBe("HTTP/1.1 101 Switching Protocols\r\n");
    socket.destroy();
  });
});
