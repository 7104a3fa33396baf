import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import { PassThrough, Readable, Writable } from "node:stream";
import type { TLSSocket } from "node:tls";
import { type ProxySSHRequest, ProxySSHResponseSchema, TransportService } from "@bot-join/proto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, type TestContext, test } from "vitest";
import { encodeGrpcHeader } from "../frames/grpc-message.ts";
import { maxSshFrameBytes } from "../frames/proxy-ssh.ts";
import { deferred } from "../testing/deferred.ts";
import type { Loopback } from "../testing/loopback.ts";
import { grpcServer, loopbackDialer, startTransportServer, testRoute } from "../testing/transport-server.ts";
import { openSshRoute } from "./ssh-route.ts";
import { pipeSsh } from "./ssh-stream.ts";

type Response = MessageInitShape<typeof ProxySSHResponseSchema>;
type Handler = (requests: AsyncIterable<ProxySSHRequest>) => AsyncIterable<Response>;

const connected: Response = { details: {} };
const dial = { proxy: "proxy.test:443", hostPort: "node-1:0", cluster: "bot.test" };

function ssh(payload: Uint8Array): Response {
  return { frame: { case: "ssh", value: { payload } } };
}

function payloadOf({ frame }: ProxySSHRequest): Uint8Array {
  if (frame.case !== "ssh") throw new Error(`unexpected frame ${frame.case}`);
  return frame.value.payload;
}

/** The service as the generated code and connect-node make it, which are no part of the client under test. */
function service(context: TestContext, handler: Handler): Promise<Loopback> {
  const server = grpcServer((router) => router.service(TransportService, { proxySSH: handler }));
  return startTransportServer(context, server);
}

/** A server that acts on the bare HTTP/2 stream once the dial target has come; `drop` ends its connections. */
async function bare(
  context: TestContext,
  act: (stream: ServerHttp2Stream, drop: () => void) => void,
): Promise<Loopback> {
  const server = createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.once("data", () => act(stream, () => loopback.drop()));
  });
  const loopback = await startTransportServer(context, server);
  return loopback;
}

function message(response: Response): Buffer {
  const bytes = toBinary(ProxySSHResponseSchema, create(ProxySSHResponseSchema, response));
  return Buffer.concat([encodeGrpcHeader(bytes.length), bytes]);
}

async function open(context: TestContext, server: Loopback): Promise<TLSSocket> {
  return openSshRoute(loopbackDialer(server), testRoute(context));
}

/** Connects with an input that stays open and sends nothing. */
async function idle(
  context: TestContext,
  server: Loopback,
): Promise<{ input: PassThrough; output: PassThrough; done: Promise<void> }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  output.resume();
  const done = pipeSsh({ ...dial, socket: await open(context, server), input, output });
  done.catch(() => {});
  return { input, output, done };
}

const respond = { ":status": 200, "content-type": "application/grpc" };

/** Sends messages, then a status in trailers, as Go's servers do. */
function answer(stream: ServerHttp2Stream, bytes: Buffer, trailers: Record<string, string>): void {
  stream.respond(respond, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(bytes);
}

/** Takes bytes a little at a time, late. */
function slowOutput(): { output: Writable; digest(): string; bytes(): number } {
  const hash = createHash("sha256");
  let total = 0;
  const output = new Writable({
    highWaterMark: 1000,
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      total += chunk.length;
      setImmediate(done);
    },
  });
  return { output, digest: () => hash.digest("hex"), bytes: () => total };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("a session", () => {
  test("names the target alone first, then carries both directions byte by byte, 20 MB each", async (context) => {
    const sent = randomBytes(20 * 1024 * 1024);
    const received = createHash("sha256");
    let largest = 0;
    let target: ProxySSHRequest | undefined;
    await using server = await service(context, async function* (requests) {
      for await (const request of requests) {
        if (target === undefined) {
          target = request;
          yield connected;
          continue;
        }
        const payload = payloadOf(request);
        largest = Math.max(largest, payload.length);
        received.update(payload);
        yield ssh(payload);
      }
    });
    const slow = slowOutput();
    const input = Readable.from(chunksOf(sent, 100_000));
    await pipeSsh({ ...dial, socket: await open(context, server), input, output: slow.output });
    expect(target).toMatchObject({
      dialTarget: { hostPort: "node-1:0", cluster: "bot.test" },
      frame: { case: undefined },
    });
    expect(largest).toBe(maxSshFrameBytes);
    expect(received.digest("hex")).toBe(sha256(sent));
    expect(slow.digest()).toBe(sha256(sent));
    expect(slow.output.writableEnded).toBe(false);
  });

  test("everything from the node arrives although the server ends, and closes the connection, at once", async (context) => {
    const sent = randomBytes(3 * 1024 * 1024);
    await using server = await bare(context, (stream) => {
      const frames = chunksOf(sent, 900_000).map((chunk) => message(ssh(chunk)));
      answer(stream, Buffer.concat([message(connected), ...frames]), { "grpc-status": "0" });
      stream.once("finish", () => stream.session?.close());
    });
    const slow = slowOutput();
    const socket = await open(context, server);
    await pipeSsh({ ...dial, socket, input: new PassThrough(), output: slow.output });
    expect(slow.bytes()).toBe(sent.length);
    expect(slow.digest()).toBe(sha256(sent));
    expect(socket.destroyed).toBe(true);
  });

  test("less than a full buffer is waited for too", async (context) => {
    await using server = await bare(context, (stream) => {
      answer(stream, Buffer.concat([message(connected), message(ssh(Buffer.from("bye")))]), {
        "grpc-status": "0",
      });
    });
    const taken: string[] = [];
    let release = (): void => {};
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        release = () => {
          if (chunk.length > 0) taken.push(chunk.toString());
          done();
        };
        if (chunk.length === 0) release();
      },
    });
    const socket = await open(context, server);
    const done = pipeSsh({ ...dial, socket, input: new PassThrough(), output });
    if (!socket.destroyed) await once(socket, "close");
    expect(taken).toEqual([]);
    release();
    await done;
    expect(taken).toEqual(["bye"]);
  });

  test("the client half-closes first: the node still may send", async (context) => {
    await using server = await service(context, async function* (requests) {
      yield connected;
      let length = 0;
      for await (const request of requests)
        if (request.dialTarget === undefined) length += payloadOf(request).length;
      yield ssh(Buffer.from(`got ${length}`));
    });
    const slow = new PassThrough();
    await pipeSsh({
      ...dial,
      socket: await open(context, server),
      input: Readable.from([Buffer.alloc(70_000)]),
      output: slow,
    });
    expect(String(slow.read())).toBe("got 70000");
  });

  test("the server ends first while the client goes on writing", async (context) => {
    await using server = await service(context, async function* (requests) {
      yield connected;
      for await (const request of requests) if (request.dialTarget === undefined) break;
      yield ssh(Buffer.from("enough"));
    });
    const { input, done } = await idle(context, server);
    const writing = setInterval(() => input.write(Buffer.alloc(20_000)), 1);
    await expect(done).resolves.toBeUndefined();
    clearInterval(writing);
    expect(input.listenerCount("data")).toBe(0);
  });

  test("reads nothing from the client before the node is reached", async (context) => {
    const asked = deferred();
    const reached = deferred();
    await using server = await service(context, async function* (requests) {
      const incoming = requests[Symbol.asyncIterator]();
      await incoming.next();
      asked.resolve();
      await reached.promise;
      yield connected;
      const { value } = await incoming.next();
      yield ssh(payloadOf(value));
    });
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end("SSH-2.0-x\r\n");
    const done = pipeSsh({ ...dial, socket: await open(context, server), input, output });
    await asked.promise;
    expect(input.readableLength).toBe(11);
    reached.resolve();
    await done;
    expect(String(output.read())).toBe("SSH-2.0-x\r\n");
  });

  test("frames larger than any that Teleport sends, agent frames and unknown fields", async (context) => {
    const big = randomBytes(4 * 1024 * 1024 - 100);
    await using server = await bare(context, (stream) => {
      const agent: Response = { frame: { case: "agent", value: { payload: Buffer.from("no") } } };
      const parts = [
        message(connected),
        message(agent),
        message(ssh(new Uint8Array())),
        message({}),
        message(ssh(big)),
      ];
      answer(stream, Buffer.concat(parts), { "grpc-status": "0" });
    });
    const slow = slowOutput();
    await pipeSsh({
      ...dial,
      socket: await open(context, server),
      input: new PassThrough(),
      output: slow.output,
    });
    expect(slow.digest()).toBe(sha256(big));
  });

  test.for<[string, (input: PassThrough, output: PassThrough) => void]>([
    [
      "its reading end fails",
      (_input: PassThrough, output: PassThrough) => output.destroy(new Error("EPIPE")),
    ],
    ["its reading end is closed", (_input: PassThrough, output: PassThrough) => output.destroy()],
    ["its writing end fails", (input: PassThrough) => input.destroy(new Error("EIO"))],
    ["its writing end is closed in the middle", (input: PassThrough) => input.destroy()],
  ])("the client goes away: %s", async ([_what, leave], context) => {
    for (const early of [true, false]) {
      const left = deferred();
      await using server = await bare(context, (stream) => {
        stream.once("close", left.resolve);
        stream.respond(respond);
        if (!early) stream.write(message(connected));
      });
      const { input, output, done } = await idle(context, server);
      if (!early) input.write("hello");
      leave(input, output);
      await expect(done).resolves.toBeUndefined();
      if (!early) await left.promise;
    }
  });
});

describe("a node that is not reached", () => {
  test.for<[number, string, string, string]>([
    [
      14,
      "failed to dial target host\n\tdirect dialing to nodes not in the inventory is not supported",
      "cluster",
      "offline",
    ],
    [5, 'cluster "leaf.test" is not found', "cluster", "Check the cluster"],
    [7, "access denied", "denied", "roles"],
    [3, "dial target contains an invalid hostport", "cluster", "host and port"],
    [12, "unknown service teleport.transport.v1.TransportService", "cluster", "log"],
    [2, "100 % Ä", "cluster", "log"],
  ])("status %i", async ([status, text, kind, hint], context) => {
    const expected = {
      code: "ERR_TRANSPORT_SSH_REFUSED",
      kind,
      retryable: false,
      details: { status },
      message: `The proxy proxy.test:443 did not connect to node-1:0 in cluster bot.test: ${text.replace(/\s+/g, " ")} (gRPC status ${status}).`,
      hint: expect.stringContaining(hint),
    };
    const trailers = { "grpc-status": String(status), "grpc-message": encodeURIComponent(text) };
    await using alone = await bare(context, (stream) =>
      stream.respond({ ...respond, ...trailers }, { endStream: true }),
    );
    await expect((await idle(context, alone)).done).rejects.toMatchObject(expected);
    await using after = await bare(context, (stream) => answer(stream, Buffer.alloc(0), trailers));
    await expect((await idle(context, after)).done).rejects.toMatchObject(expected);
    await using generated = await service(context, () => {
      throw new ConnectError(text, status as Code);
    });
    await expect((await idle(context, generated)).done).rejects.toMatchObject(expected);
  });

  test("a message that is not percent-encoded, and none", async (context) => {
    for (const [sent, shown] of [
      ["50% off", "50% off"],
      ["", "no reason given"],
    ] as const) {
      await using server = await bare(context, (stream) =>
        stream.respond({ ...respond, "grpc-status": "2", "grpc-message": sent }, { endStream: true }),
      );
      await expect((await idle(context, server)).done).rejects.toMatchObject({
        message: expect.stringContaining(`: ${shown} (`),
      });
    }
  });

  test("a call that ends well without ever reaching the node", async (context) => {
    await using server = await bare(context, (stream) =>
      answer(stream, Buffer.alloc(0), { "grpc-status": "0" }),
    );
    await expect((await idle(context, server)).done).rejects.toMatchObject({
      code: "ERR_TRANSPORT_SSH_REFUSED",
    });
  });
});

describe("a proxy that hangs up", () => {
  const refused = {
    code: "ERR_TRANSPORT_CERTIFICATE_REFUSED",
    message: expect.stringContaining("before it reached node-1:0"),
  };

  test.for<[string, (stream: ServerHttp2Stream, drop: () => void) => void]>([
    ["the connection", (_stream, drop) => drop()],
    ["the session", (stream: ServerHttp2Stream) => stream.session?.destroy()],
    ["the stream, by a reset", (stream: ServerHttp2Stream) => stream.close(2)],
    ["the stream, without an answer", (stream: ServerHttp2Stream) => stream.close(0)],
    [
      "the session, after headers",
      (stream: ServerHttp2Stream) => {
        stream.respond(respond);
        stream.session?.destroy();
      },
    ],
  ])("closes %s before it says anything", async ([_what, act], context) => {
    await using server = await bare(context, act);
    await expect((await idle(context, server)).done).rejects.toMatchObject(refused);
  });

  test("refuses the client's certificate", async (context) => {
    await using server = await startTransportServer(context, createServer(), true);
    await expect((await idle(context, server)).done).rejects.toMatchObject(refused);
  });

  test("has gone before the call", async (context) => {
    await using server = await bare(context, () => {});
    const socket = await open(context, server);
    socket.destroy();
    const gone = pipeSsh({ ...dial, socket, input: new PassThrough(), output: new PassThrough() });
    await expect(gone).rejects.toMatchObject(refused);
    const going = await open(context, server);
    const pipe = pipeSsh({ ...dial, socket: going, input: new PassThrough(), output: new PassThrough() });
    going.destroy();
    await expect(pipe).rejects.toMatchObject(refused);
  });
});

describe("a session that is cut", () => {
  test("with a reason", async (context) => {
    await using server = await service(context, async function* () {
      yield connected;
      throw new ConnectError("client certificate has expired", Code.PermissionDenied);
    });
    await expect((await idle(context, server)).done).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      details: { status: 7 },
      message: expect.stringContaining("was cut: client certificate has expired (gRPC status 7)"),
    });
  });

  test.for<[string, (stream: ServerHttp2Stream, drop: () => void) => void]>([
    ["by a reset of the stream", (stream: ServerHttp2Stream) => stream.close(2)],
    ["with the connection", (_stream, drop) => drop()],
  ])("without a reason, %s", async ([_how, act], context) => {
    await using server = await bare(context, (stream, drop) => {
      stream.respond(respond);
      stream.write(message(connected), () => stream.once("data", () => act(stream, drop)));
    });
    const { input, done } = await idle(context, server);
    input.write("SSH-2.0-x\r\n");
    await expect(done).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      message: expect.stringContaining("was lost"),
    });
  });

  test("after the client said goodbye is an ordinary end", async (context) => {
    await using server = await bare(context, (stream, drop) => {
      stream.respond(respond);
      stream.write(message(connected));
      stream.on("data", () => {});
      stream.once("end", drop);
    });
    const { input, done } = await idle(context, server);
    input.end("bye");
    await expect(done).resolves.toBeUndefined();
  });

  test("cancelled is an ordinary end", async (context) => {
    await using server = await bare(context, (stream) =>
      answer(stream, message(connected), { "grpc-status": "1" }),
    );
    await expect((await idle(context, server)).done).resolves.toBeUndefined();
  });
});

describe("another server than Teleport's", () => {
  const ok = (bytes: Buffer) => (stream: ServerHttp2Stream) => answer(stream, bytes, { "grpc-status": "0" });

  test.for<[string, (stream: ServerHttp2Stream) => void, string]>([
    [
      "HTML",
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "text/html" });
        stream.end("<html>");
      },
      "HTTP status 200, text/html",
    ],
    [
      "an HTTP error",
      (stream) => stream.respond({ ":status": 404 }, { endStream: true }),
      "HTTP status 404, no type",
    ],
    ["a compressed message", ok(Buffer.from("010000000041", "hex")), "compressed"],
    ["a message of 4 GB", ok(Buffer.from("00ffffffff41", "hex")), "4294967295 bytes"],
    ["a message that is no protobuf", ok(Buffer.from("00000000020a05", "hex")), "malformed"],
    [
      "no protobuf later on",
      ok(Buffer.concat([message(connected), Buffer.from("000000000107", "hex")])),
      "malformed",
    ],
  ])("answers with %s", async ([_what, act, why], context) => {
    await using server = await bare(context, act);
    await expect((await idle(context, server)).done).rejects.toMatchObject({
      code: "ERR_TRANSPORT_ANSWER_INVALID",
      message: expect.stringContaining(why),
    });
  });
});

function chunksOf(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; offset += size)
    chunks.push(bytes.subarray(offset, offset + size));
  return chunks;
}

describe("patience with a proxy that says nothing", () => {
  const patience = { dialMs: 100, farewellMs: 50 };

  test("a node that is never reached is an error that says so", async (context) => {
    const server = await bare(context, (stream) => stream.respond(respond));
    const socket = await open(context, server);
    await expect(
      pipeSsh({ ...dial, socket, input: new PassThrough(), output: new PassThrough(), patience }),
    ).rejects.toMatchObject({
      code: "ERR_TRANSPORT_TIMEOUT",
      message: expect.stringContaining("within 0.1 s"),
    });
  });

  test("a session that falls silent after ssh has ended is over", async (context) => {
    const server = await bare(context, (stream) => {
      stream.respond(respond);
      stream.write(message(connected));
    });
    const input = new PassThrough();
    const output = new PassThrough();
    output.resume();
    const done = pipeSsh({ ...dial, socket: await open(context, server), input, output, patience });
    input.end("SSH-2.0-test\r\n");
    await done;
  });

  test("a session that ssh keeps open may be silent as long as it likes", async (context) => {
    const reached = deferred();
    let theirs: ServerHttp2Stream | undefined;
    const server = await bare(context, (stream) => {
      stream.respond(respond, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.write(message(connected));
      theirs = stream;
      reached.resolve();
    });
    const output = new PassThrough();
    output.resume();
    let isOver = false;
    const done = pipeSsh({
      ...dial,
      socket: await open(context, server),
      input: new PassThrough(),
      output,
      patience,
    });
    void done.then(() => {
      isOver = true;
    });
    await reached.promise;
    await new Promise((resolve) => theirs?.setTimeout(3 * patience.dialMs, () => resolve(undefined)));
    expect(isOver).toBe(false);
    theirs?.end();
    await done;
  });
});
