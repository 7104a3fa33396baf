import { randomBytes } from "node:crypto";
import type { Emulator } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import { type FakeNode, startFakeNode } from "../support/fake-node.ts";
import { type RawGrpc, rawTransport } from "../support/raw-client.ts";
import { RawSsh } from "../support/raw-ssh.ts";
import { joinRaw, targetOf } from "./joined.ts";

const uuid = "0a5f8e6e-9f0b-4a64-9d3b-6a2f7d1c5b11";
const unknownUuid = "11111111-2222-3333-4444-555555555555";
const banner = "SSH-2.0-fake\r\n";

describe.each(["14", "18"] as const)("ProxySSH of version %s", (version) => {
  let emulator: Emulator;
  let node: FakeNode;
  let six: FakeNode;
  let grpc: RawGrpc;

  beforeAll(async () => {
    node = await startFakeNode();
    six = await startFakeNode(undefined, "::1");
    emulator = await startTestEmulator({
      version,
      nodes: [
        { hostname: "node-1", uuid, address: node.address },
        { hostname: "six", uuid: "six", address: six.address },
      ],
    });
    // Nothing listens on port 1 of loopback.
    emulator.addNode({ hostname: "dead", uuid: "dead", address: "127.0.0.2:1" });
    grpc = await rawTransport(targetOf(emulator), await joinRaw(emulator));
  });
  afterAll(async () => {
    grpc[Symbol.dispose]();
    await emulator[Symbol.asyncDispose]();
    await Promise.all([node[Symbol.asyncDispose](), six[Symbol.asyncDispose]()]);
  });

  it("GetClusterDetails", async () => {
    const answer = await grpc.unary(
      "/teleport.transport.v1.TransportService/GetClusterDetails",
      new Uint8Array(),
    );
    expect(answer.status).toBe(0);
    expect(answer.messages.map((message) => message.toString("hex"))).toEqual(["0a00"]);
  });

  it.each(["node-1:3022", "node-1:0", "127.0.0.1:3022", "NODE-1:3022", `${uuid}:0`, "[::1]:3022"])(
    "reaches %s (measured-14.2.0.md section 6)",
    async (target) => {
      const ssh = new RawSsh(grpc);
      ssh.dial(target);
      await ssh.until(({ received }) => received.length >= banner.length);
      ssh.ssh("SSH-2.0-client\r\n");
      await ssh.until(({ received }) => received.toString() === `${banner}SSH-2.0-client\r\n`);
      expect(ssh.answers[0]?.details).toBeDefined();
      expect(ssh.answers.filter((answer) => answer.details !== undefined)).toHaveLength(1);
      ssh.stream.end();
      expect(await ssh.done).toMatchObject({ status: 0, rawMessage: "" });
    },
  );

  const unknown = (host: string): string =>
    version === "14"
      ? "failed to dial target host\n\tdirect dialing to nodes not in the inventory is not supported"
      : `target host ${host} is offline or does not exist`;

  it.each([
    ["the cluster suffix left on", "node-1.bot.test:3022", 14, unknown("node-1.bot.test")],
    ["an unknown node", "nope:3022", 14, unknown("nope")],
    ["another port of a known node", "node-1:22", 14, unknown("node-1")],
    [
      "an unknown UUID",
      `${unknownUuid}:0`,
      5,
      `unable to locate node matching UUID-like target ${unknownUuid}`,
    ],
    ["no port", "node-1", 3, "dial target contains an invalid hostport"],
  ])("refuses %s", async (_what, target, status, message) => {
    const ssh = new RawSsh(grpc);
    ssh.dial(target);
    // The client has not half-closed: the refusal has to end the stream all the same.
    const answer = await ssh.done;
    expect(answer).toMatchObject({ status, message, trailers: {} });
    expect(ssh.stream.rstCode).toBe(0);
  });

  it("says why a node does not answer", async () => {
    const ssh = new RawSsh(grpc);
    ssh.dial("dead:0");
    expect(await ssh.done).toMatchObject({
      status: 14,
      message: expect.stringMatching(/^failed to dial target host\n\tconnect ECONNREFUSED/),
    });
  });

  it.each(["", "other.test"])("refuses the cluster %j", async (cluster) => {
    const ssh = new RawSsh(grpc);
    ssh.dial("node-1:0", cluster);
    expect((await ssh.done).status).toBe(5);
  });

  it("wants the target in the first message", async () => {
    const ssh = new RawSsh(grpc);
    ssh.ssh("SSH-2.0-x\r\n");
    expect(await ssh.done).toMatchObject({ status: 3, message: "first frame must contain a dial target" });
  });

  it("lets nothing but SSH through", async () => {
    const ssh = new RawSsh(grpc);
    ssh.dial("node-1:0");
    await ssh.until(({ answers }) => answers.length > 0);
    ssh.ssh("GET / HTTP/1.1\r\n");
    expect((await ssh.done).status).toBe(7);
  });

  it("carries bulk both ways in frames of at most 16 KiB, then half-closes", async () => {
    const ssh = new RawSsh(grpc);
    ssh.dial("node-1:0");
    await ssh.until(({ received }) => received.length >= banner.length);
    const sent = Buffer.concat([Buffer.from("SSH-2.0-bulk\r\n"), randomBytes(3_000_000)]);
    for (let offset = 0; offset < sent.length; offset += 16_384)
      ssh.ssh(sent.subarray(offset, offset + 16_384));
    ssh.stream.end();
    expect((await ssh.done).status).toBe(0);
    expect(ssh.received.subarray(banner.length).equals(sent)).toBe(true);
    const sizes = ssh.answers.map(({ frame }) => (frame.case === "ssh" ? frame.value.payload.length : 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16_384);
  });

  it("ends with status 0 when the node closes first", async () => {
    await using brief = await startFakeNode((socket) => socket.end("SSH-2.0-bye\r\n"));
    emulator.addNode({ hostname: "brief", uuid: `brief-${version}`, address: brief.address, port: 1 });
    const ssh = new RawSsh(grpc);
    ssh.dial("brief:1");
    expect(await ssh.done).toMatchObject({ status: 0 });
    expect(ssh.received.toString()).toBe("SSH-2.0-bye\r\n");
  });

  it("waits for a client that does not read", async () => {
    let written = 0;
    await using flood = await startFakeNode((socket) => {
      const chunk = Buffer.alloc(65_536);
      const pour = (): void => {
        while (!socket.destroyed && written < 200_000_000) {
          written += chunk.length;
          if (!socket.write(chunk)) return;
        }
      };
      socket.on("drain", pour);
      pour();
    });
    emulator.addNode({ hostname: "flood", uuid: `flood-${version}`, address: flood.address, port: 2 });
    const lazy = await rawTransport(targetOf(emulator), await joinRaw(emulator));
    const ssh = new RawSsh(lazy);
    ssh.dial("flood:2");
    await ssh.until(({ answers }) => answers.length > 1);
    ssh.stream.pause();
    const settled = async (): Promise<number> => {
      let before = -1;
      while (before !== written) {
        before = written;
        for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
      return written;
    };
    expect(await settled()).toBeLessThan(50_000_000);
    lazy[Symbol.dispose]();
  });

  it("is not served without a certificate", async () => {
    const options = { cert: undefined, key: undefined };
    const anonymous = await rawTransport(targetOf(emulator), await joinRaw(emulator), options);
    const lost = anonymous.unary(
      "/teleport.transport.v1.TransportService/GetClusterDetails",
      new Uint8Array(),
    );
    await expect(lost).rejects.toThrow("lost");
    anonymous[Symbol.dispose]();
  });
});
