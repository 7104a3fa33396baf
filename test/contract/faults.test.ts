import { X509Certificate } from "node:crypto";
import type { Faults } from "@bot-join/emulator";
import { describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import { startFakeNode } from "../support/fake-node.ts";
import { rawAuth, rawHttp, rawTls, rawTransport } from "../support/raw-client.ts";
import { RawSsh } from "../support/raw-ssh.ts";
import { joinRaw, targetOf } from "./joined.ts";

const ping = "/proto.AuthService/Ping";

describe("faults of connections", () => {
  it.each(["drop", "drop-after-hello"] as const)("%s", async (connection) => {
    await using emulator = await startTestEmulator({ faults: { connection, times: 1 } });
    await expect(rawTls(targetOf(emulator))).rejects.toThrow();
    (await rawTls(targetOf(emulator))).destroy();
  });

  it("drop-after-handshake", async () => {
    await using emulator = await startTestEmulator({ faults: { connection: "drop-after-handshake" } });
    await expect(rawHttp(targetOf(emulator), "GET", "/webapi/find")).rejects.toThrow();
  });

  it("delay, by the emulator's clock", async () => {
    const sleeps: number[] = [];
    const clock = { now: () => new Date(), sleep: async (ms: number) => void sleeps.push(ms) };
    await using emulator = await startTestEmulator({ clock, faults: { delayMs: 1500 } });
    await rawHttp(targetOf(emulator), "GET", "/webapi/find");
    expect(sleeps).toEqual([1500]);
  });
});

describe("faults of the web certificate", () => {
  it.each([
    ["unknown-ca", /unable to|self.signed|verify/i],
    ["expired", /expired/],
    ["wrong-name", /altnames/],
  ] as const)("%s", async (webCertificate, message) => {
    await using emulator = await startTestEmulator({ faults: { webCertificate } });
    await expect(rawTls(targetOf(emulator))).rejects.toThrow(message);
  });
});

describe("faults of web answers", () => {
  const find = async (faults: Faults): ReturnType<typeof rawHttp> => {
    await using emulator = await startTestEmulator({ faults });
    return await rawHttp(targetOf(emulator), "GET", "/webapi/find");
  };

  it.each(["drop", "truncated"] as const)("%s", async (web) => {
    await expect(find({ web })).rejects.toThrow(/hang up|aborted|ECONNRESET/);
  });

  it("html", async () => {
    expect(await find({ web: "html" })).toMatchObject({
      status: 200,
      headers: { "content-type": "text/html; charset=utf-8" },
    });
  });

  it("huge", async () => {
    expect((await find({ web: "huge" })).body).toHaveLength(20_000_000);
  });

  it("not-teleport", async () => {
    expect(await find({ web: "not-teleport" })).toMatchObject({ status: 404, body: "<h1>Not Found</h1>\n" });
  });

  it("a status, so many times", async () => {
    const faults: Faults = { join: { status: 503, body: "{}", headers: { "Retry-After": "1" } }, times: 1 };
    await using emulator = await startTestEmulator({ faults });
    await expect(joinRaw(emulator)).rejects.toThrow("answered 503");
    await joinRaw(emulator);
  });
});

describe("faults of what a join contains", () => {
  it("wrong-key", async () => {
    await using emulator = await startTestEmulator({ faults: { joinContent: "wrong-key" } });
    const { tls, key } = await joinRaw(emulator);
    expect(new X509Certificate(tls).publicKey.export({ type: "spki", format: "pem" })).not.toBe(
      key.publicKeyPem,
    );
  });

  it("wrong-authorities", async () => {
    await using emulator = await startTestEmulator({ faults: { joinContent: "wrong-authorities" } });
    const { tls, tlsCaCerts } = await joinRaw(emulator);
    const verified = tlsCaCerts.map((pem) =>
      new X509Certificate(tls).verify(new X509Certificate(pem).publicKey),
    );
    expect(verified).toEqual([false, false]);
  });

  it("garbage-certificate and missing-tls", async () => {
    await using emulator = await startTestEmulator({ faults: { joinContent: "garbage-certificate" } });
    const { tls } = await joinRaw(emulator);
    expect(() => new X509Certificate(tls)).toThrow();
    emulator.setFaults({ joinContent: "missing-tls" });
    await expect(joinRaw(emulator)).rejects.toThrow();
  });
});

describe("faults of gRPC and SSH", () => {
  it.each(["drop", "truncated"] as const)("%s", async (rpc) => {
    await using emulator = await startTestEmulator();
    using auth = await rawAuth(targetOf(emulator), "bot.test", await joinRaw(emulator));
    emulator.setFaults({ rpc, times: 1 });
    await expect(auth.unary(ping, new Uint8Array())).rejects.toThrow("lost");
  });

  it("a code", async () => {
    await using emulator = await startTestEmulator();
    using auth = await rawAuth(targetOf(emulator), "bot.test", await joinRaw(emulator));
    emulator.setFaults({ rpc: { code: 14, message: "failed to connect to the database" }, times: 1 });
    expect(await auth.unary(ping, new Uint8Array())).toMatchObject({
      status: 14,
      message: "failed to connect to the database",
    });
    expect((await auth.unary(ping, new Uint8Array())).status).toBe(0);
  });

  it("an SSH stream that is cut", async () => {
    await using node = await startFakeNode();
    const nodes = [{ hostname: "n", uuid: "n", address: node.address }];
    await using emulator = await startTestEmulator({ nodes, faults: { ssh: { dropAfterBytes: 4 } } });
    using grpc = await rawTransport(targetOf(emulator), await joinRaw(emulator));
    const ssh = new RawSsh(grpc);
    ssh.dial("n:0");
    expect((await ssh.done).status).toBe(14);
    expect(ssh.received.toString()).toBe("SSH-");
    emulator.setFaults({ ssh: "drop-before-dial" });
    const second = new RawSsh(grpc);
    second.dial("n:0");
    expect((await second.done).status).toBe(14);
  });
});
