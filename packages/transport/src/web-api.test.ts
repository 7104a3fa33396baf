import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { describe, expect, type TestContext, test } from "vitest";
import { ProxyDialer } from "./dialer.ts";
import { createAuthority } from "./testing/certificates.ts";
import { type Loopback, listen } from "./testing/loopback.ts";
import { maxAnswerBytes, postJson, type WebAnswer } from "./web-api.ts";

const path = "/v1/webapi/host/credentials";

function leaf(context: TestContext) {
  const { certificatePem, privateKeyPem } = createAuthority(context, "1").issue({ names: ["IP:127.0.0.1"] });
  return { cert: certificatePem, key: privateKeyPem };
}

/** A server that speaks HTTP as it should. */
function httpServer(context: TestContext, answer: RequestListener): Promise<Loopback> {
  return listen(createServer(leaf(context), answer));
}

/** A server that waits for a request and then acts on the bare connection. */
function rawServer(context: TestContext, act: (socket: TLSSocket) => void): Promise<Loopback> {
  const server = createTlsServer(leaf(context), (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => act(socket));
  });
  return listen(server);
}

async function open({ port }: Loopback): Promise<TLSSocket> {
  const signal = new AbortController().signal;
  const webTrust = { ca: undefined, insecure: true };
  return new ProxyDialer({ proxy: { host: "127.0.0.1", port }, webTrust, environment: {}, signal }).openWeb();
}

function post(
  socket: TLSSocket,
  signal: AbortSignal = new AbortController().signal,
  body = '{"token":"x"}',
): Promise<WebAnswer> {
  return postJson(socket, { host: "proxy.test:443", path, body, signal });
}

describe("postJson", () => {
  test("sends one request and gives the whole answer", async (context) => {
    const seen: unknown[] = [];
    await using server = await httpServer(context, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      seen.push(request.method, request.url, request.headers, Buffer.concat(chunks).toString());
      response.writeHead(418, { "content-type": "application/json", "retry-after": "3" }).end('{"ok":"ä"}');
    });
    const socket = await open(server);
    const answer = await post(socket, undefined, '{"name":"ä"}');
    expect(answer).toMatchObject({ status: 418, body: '{"ok":"ä"}', headers: { "retry-after": "3" } });
    expect(seen).toEqual([
      "POST",
      path,
      {
        host: "proxy.test:443",
        "content-type": "application/json",
        accept: "application/json",
        "content-length": "13",
        connection: "close",
      },
      '{"name":"ä"}',
    ]);
    expect(socket.destroyed).toBe(true);
  });

  test("follows no redirect", async (context) => {
    await using server = await httpServer(context, (_request, response) =>
      response.writeHead(302, { location: "/elsewhere" }).end("moved"),
    );
    expect(await post(await open(server))).toMatchObject({ status: 302, body: "moved" });
  });

  test("takes an answer of the greatest length, and refuses a longer one", async (context) => {
    let length = maxAnswerBytes;
    await using server = await httpServer(context, (_request, response) => {
      response.on("error", () => {});
      response.end(Buffer.alloc(length, "a"));
    });
    expect((await post(await open(server))).body.length).toBe(maxAnswerBytes);
    for (length of [maxAnswerBytes + 1, 20 * 1024 * 1024]) {
      const socket = await open(server);
      await expect(post(socket)).rejects.toMatchObject({
        code: "ERR_TRANSPORT_ANSWER_INVALID",
        message: expect.stringContaining("the answer is longer than 10 MiB"),
        requestSent: true,
        retryable: false,
      });
      expect(socket.destroyed).toBe(true);
    }
  });

  test.for<[string, string]>([
    ["cut in the middle of a counted body", 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ssh":"AAAA'],
    [
      "cut in the middle of a chunked body",
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"ssh":',
    ],
    ["cut in the middle of the headers", "HTTP/1.1 200 OK\r\nContent-Type: applic"],
    ["nothing at all", ""],
  ])("lost: %s", async ([_what, text], context) => {
    await using server = await rawServer(context, (socket) => socket.end(text));
    await expect(post(await open(server))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      message: expect.stringMatching(
        /^POST https:\/\/proxy\.test:443\/v1\/webapi\/host\/credentials: the (answer|connection) was/,
      ),
      retryable: true,
      requestSent: true,
    });
  });

  test.for<[string, (socket: TLSSocket) => void]>([
    ["before the answer", (socket) => socket.destroy()],
    [
      "in the middle of it",
      (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", () => socket.destroy()),
    ],
  ])("reset %s", async ([_when, act], context) => {
    await using server = await rawServer(context, act);
    await expect(post(await open(server))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      retryable: true,
    });
  });

  test.for<[string, string]>([
    ["another protocol", "SSH-2.0-Go\r\n"],
    ["a content length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"],
    ["two content lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["headers without end", `HTTP/1.1 200 OK\r\nX-Long: ${"a".repeat(40_000)}\r\n\r\n`],
  ])("not HTTP: %s", async ([_what, text], context) => {
    await using server = await rawServer(context, (socket) => socket.write(text));
    await expect(post(await open(server))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_ANSWER_INVALID",
      message: expect.stringContaining("the answer is not HTTP"),
      requestSent: true,
    });
  });

  test("a body without length ends with the connection", async (context) => {
    await using server = await rawServer(context, (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n{}"));
    expect(await post(await open(server))).toMatchObject({ status: 200, body: "{}" });
  });

  test("a slow answer ends when the signal is aborted", async (context) => {
    const controller = new AbortController();
    await using server = await rawServer(context, (socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", () =>
        controller.abort(new Error("enough")),
      ),
    );
    const socket = await open(server);
    await expect(post(socket, controller.signal)).rejects.toThrow("enough");
    await expect(post(await open(server), controller.signal)).rejects.toThrow("enough");
    expect(socket.destroyed).toBe(true);
  });

  test("a connection that has gone before is lost with nothing sent", async (context) => {
    await using server = await httpServer(context, () => {});
    const socket = await open(server);
    for (const peer of server.connections) peer.end();
    await once(socket, "close");
    await expect(post(socket)).rejects.toMatchObject({
      code: "ERR_TRANSPORT_CONNECTION_LOST",
      requestSent: false,
      retryable: true,
    });
  });
});
