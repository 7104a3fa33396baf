import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import * as tls from "node:tls";
import { expect, test } from "vitest";
import { type Forwarder, startForwarder } from "./forwarder.ts";
import { tempDir } from "./temp-dir.ts";
import { requireTool, runTool } from "./tools.ts";

/** Long enough that everything sent together arrives together. */
const roundTripMs = 30;

/** What a test has started, ended in the opposite order. */
interface Scene extends AsyncDisposable {
  forwarder: Forwarder;
  dial(): Promise<Socket>;
}

async function start(server: Server, delay = roundTripMs): Promise<Scene> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on("error", () => {});
    return socket.setNoDelay(true);
  };
  server.on("connection", track);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const forwarder = await startForwarder({ target, roundTripMs: delay });
  return {
    forwarder,
    dial: async () => {
      const port = Number(forwarder.address.split(":")[1]);
      const socket = track(connect({ host: "127.0.0.1", port, allowHalfOpen: true }));
      await once(socket, "connect");
      return socket;
    },
    async [Symbol.asyncDispose]() {
      await forwarder[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

/** Reads exactly the given text and leaves what follows. */
async function expectText(socket: Socket, text: string): Promise<void> {
  let found = "";
  while (found.length < text.length) {
    const chunk: Buffer | null = socket.read(
      Math.min(text.length - found.length, socket.readableLength || 1),
    );
    if (chunk === null) await once(socket, "readable");
    else found += chunk.toString();
  }
  expect(found).toBe(text);
}

/** A server that runs a script with every connection. */
const scripted = (script: (socket: Socket) => Promise<void> | void): Server =>
  createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void script(socket));

/** Answers every letter with its capital. */
const capitals = (): Server =>
  scripted((socket) => {
    socket.on("data", (chunk) => socket.write(chunk.toString().toUpperCase()));
    socket.on("end", () => socket.end());
  });

test("one connection: the handshake and each question with its answer cost one", async () => {
  await using scene = await start(capitals());
  const socket = await scene.dial();
  for (const [letter, roundTrips] of [
    ["a", 2],
    ["b", 3],
    ["c", 4],
  ] as const) {
    socket.write(letter);
    await expectText(socket, letter.toUpperCase());
    expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(roundTrips);
  }
  expect(scene.forwarder.connections).toBe(1);
});

test("a connection that nobody uses costs its handshake", async () => {
  await using scene = await start(capitals());
  await scene.dial();
  expect(scene.forwarder).toMatchObject({ roundTrips: 1, connections: 1 });
});

test("questions that are asked together cost one, whenever their answers come", async () => {
  let answerLate = (): void => {};
  const server = scripted((socket) => {
    socket.once("data", () => socket.write("1"));
    answerLate = () => socket.write("2");
  });
  await using scene = await start(server);
  const socket = await scene.dial();
  socket.write("a");
  socket.write("b");
  await expectText(socket, "1");
  answerLate();
  await expectText(socket, "2");
  expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(2);
});

test("a server that speaks first is waited for", async () => {
  const server = scripted(async (socket) => {
    socket.write("hello");
    await expectText(socket, "hello to you");
    socket.write("bye");
  });
  await using scene = await start(server);
  const socket = await scene.dial();
  await expectText(socket, "hello");
  expect(scene.forwarder.roundTrips).toBe(2);
  socket.write("hello to you");
  await expectText(socket, "bye");
  expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(3);
});

test("an acknowledgement that nobody waits for costs nothing (HTTP/2 SETTINGS)", async () => {
  const server = scripted(async (socket) => {
    await expectText(socket, "settings question");
    socket.write("settings answer");
    await expectText(socket, "ack");
  });
  await using scene = await start(server);
  const socket = await scene.dial();
  socket.write("settings ");
  socket.write("question");
  await expectText(socket, "settings ");
  socket.write("ack");
  await expectText(socket, "answer");
  expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(2);
});

test("a goodbye to a client that has ended costs nothing", async () => {
  const server = scripted(async (socket) => {
    await expectText(socket, "question");
    socket.write("answer");
    await once(socket.resume(), "end");
    socket.end("goodbye");
  });
  await using scene = await start(server);
  const socket = await scene.dial();
  socket.write("question");
  await expectText(socket, "answer");
  socket.end();
  expect((await buffer(socket)).toString()).toBe("goodbye");
  expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(2);
});

test("two connections: what is asked on one after an answer on the other waits for it", async () => {
  await using scene = await start(capitals());
  const [first, second] = await Promise.all([scene.dial(), scene.dial()]);
  first.write("a");
  await expectText(first, "A");
  expect(scene.forwarder.roundTrips).toBe(2);
  second.write("b");
  await expectText(second, "B");
  expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(3);
  first.write("c");
  await expectText(first, "C");
  expect(scene.forwarder).toMatchObject({ roundTrips: 4, connections: 2 });
});

test("two connections: what runs side by side costs once, a connection opened late costs its handshake", async () => {
  await using scene = await start(capitals());
  const [first, second] = await Promise.all([scene.dial(), scene.dial()]);
  first.write("a");
  second.write("b");
  await Promise.all([expectText(first, "A"), expectText(second, "B")]);
  expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(2);
  const third = await scene.dial();
  third.write("c");
  await expectText(third, "C");
  expect(scene.forwarder, scene.forwarder.timeline()).toMatchObject({ roundTrips: 4, connections: 3 });
  scene.forwarder.restart();
  expect(scene.forwarder).toMatchObject({ roundTrips: 0, connections: 0 });
});

test.for([
  { version: "TLSv1.3", handshake: 1 },
  { version: "TLSv1.2", handshake: 2 },
] as const)(
  "$version: $handshake for the handshake, 1 for each request, nothing for its tickets",
  async ({ version, handshake }, context) => {
    const openssl = requireTool(context, "openssl");
    using folder = tempDir();
    const [key, cert] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
    runTool(openssl, [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
    ]);
    const server = tls.createServer(
      { key: readFileSync(key), cert: readFileSync(cert), minVersion: version, maxVersion: version },
      (socket) => void socket.on("data", (chunk) => socket.write(chunk.toString().toUpperCase())),
    );
    await using scene = await start(server);
    const secure = tls.connect({
      socket: await scene.dial(),
      servername: "localhost",
      ca: readFileSync(cert),
    });
    let tickets = 0;
    secure.on("session", () => tickets++);
    await once(secure, "secureConnect");
    secure.write("a");
    await expectText(secure, "A");
    expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(1 + handshake + 1);
    expect(tickets).toBeGreaterThan(0);
    secure.write("b");
    await expectText(secure, "B");
    expect(scene.forwarder.roundTrips, scene.forwarder.timeline()).toBe(1 + handshake + 2);
    secure.destroy();
  },
);

test("a round trip takes at least its time, the handshake included", async () => {
  await using scene = await start(capitals(), 40);
  const started = performance.now();
  const socket = await scene.dial();
  socket.write("a");
  await expectText(socket, "A");
  expect(performance.now() - started).toBeGreaterThanOrEqual(2 * 40);
  const second = performance.now();
  socket.write("b");
  await expectText(socket, "B");
  expect(performance.now() - second).toBeGreaterThanOrEqual(40);
});

test.each([0, 20])(
  "everything arrives in order, and an end of one direction leaves the other (%i ms)",
  async (delay) => {
    const server = scripted(async (socket) => void socket.end(await buffer(socket)));
    await using scene = await start(server, delay);
    const socket = await scene.dial();
    const bytes = randomBytes(16 * 1024 * 1024);
    socket.end(bytes);
    expect((await buffer(socket)).equals(bytes)).toBe(true);
  },
);

test("a receiver that does not read holds its sender up, and nobody else", async () => {
  const total = 64 * 1024 * 1024;
  const chunk = Buffer.alloc(64 * 1024);
  const sent: number[] = [];
  const server = scripted((socket) => {
    const index = sent.push(0) - 1;
    const fill = (): void => {
      let flowing = true;
      for (; flowing && (sent[index] ?? total) < total; flowing = socket.write(chunk))
        sent[index] = (sent[index] ?? 0) + chunk.length;
      if (flowing) socket.end();
      else socket.once("drain", fill);
    };
    fill();
  });
  await using scene = await start(server, 0);
  const idle = await scene.dial();
  const busy = await scene.dial();
  expect((await buffer(busy)).length).toBe(total);
  expect(sent[0]).toBeGreaterThan(0);
  expect(sent[0]).toBeLessThan(total / 2);
  expect((await buffer(idle)).length).toBe(total);
});

test("a server that is not there ends the connection", async () => {
  await using scene = await start(capitals());
  const gone = createServer();
  gone.listen(0, "127.0.0.1");
  await once(gone, "listening");
  const target = `127.0.0.1:${(gone.address() as AddressInfo).port}`;
  gone.close();
  await once(gone, "close");
  await using forwarder = await startForwarder({ target, roundTripMs: 0 });
  const socket = connect(Number(forwarder.address.split(":")[1]), "127.0.0.1");
  await once(socket.resume(), "end");
  expect(scene.forwarder.connections).toBe(0);
});
