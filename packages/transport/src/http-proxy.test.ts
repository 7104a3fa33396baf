import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { connectThrough, httpProxyFor, openTunnel } from "./http-proxy.ts";
import { createAuthority } from "./testing/certificates.ts";
import { listen } from "./testing/loopback.ts";

const target = { host: "example.teleport.sh", port: 443 };
const proxy = "http://proxy.test:3128";
const never = new AbortController().signal;

describe("httpProxyFor", () => {
  test.each([
    [{}, undefined],
    [{ HTTPS_PROXY: "" }, undefined],
    [{ HTTPS_PROXY: "http://a.test:1", HTTP_PROXY: "http://b.test:2" }, "http://a.test:1/"],
    [{ https_proxy: "http://a.test:1", HTTP_PROXY: "http://b.test:2" }, "http://a.test:1/"],
    [{ HTTPS_PROXY: "", HTTP_PROXY: "http://b.test:2" }, "http://b.test:2/"],
    [{ http_proxy: "http://b.test:2" }, "http://b.test:2/"],
    [{ HTTPS_PROXY: "a.test:3128" }, "http://a.test:3128/"],
    [{ HTTPS_PROXY: "https://a.test" }, "https://a.test/"],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "*" }, undefined],
    [{ HTTPS_PROXY: proxy, no_proxy: "teleport.sh" }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "other.test" }, `${proxy}/`],
  ])("%j", (environment, expected) => {
    expect(httpProxyFor(environment, target)?.href).toBe(expected);
  });

  test.each(["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1"])(
    "%s is never proxied",
    (host) => {
      expect(httpProxyFor({ HTTPS_PROXY: proxy }, { host, port: 443 })).toBeUndefined();
    },
  );

  test.each([
    "socks5://me:hunter2@a.test:1080",
    "ftp://a.test",
    "http://",
    "http://me:%zz-hunter2@a.test",
    "a test",
  ])("%s is refused without being shown", (value) => {
    expect(() => httpProxyFor({ HTTPS_PROXY: value }, target)).toThrow(
      expect.objectContaining({
        code: "ERR_TRANSPORT_HTTP_PROXY",
        kind: "user",
        message: expect.not.stringContaining("hunter2"),
      }),
    );
  });
});

describe("connectThrough", () => {
  /** A proxy that answers CONNECT as told, and what it was asked. */
  function proxyServer(answer: (socket: Socket) => void) {
    const asked: { path: string | undefined; headers: Record<string, unknown> }[] = [];
    const server = createHttpServer();
    server.on("connect", (request, socket) => {
      asked.push({ path: request.url, headers: request.headers });
      answer(socket as Socket);
    });
    return { server, asked };
  }

  test("gives the tunnel, the bytes that came with the answer included", async () => {
    const { server, asked } = proxyServer((socket) => {
      socket.write("HTTP/1.1 200 Connection established\r\nX-Proxy: squid\r\n\r\nearly ");
      socket.once("data", (chunk) => socket.end(`echo ${chunk}`));
    });
    await using loopback = await listen(server);
    const socket = await connectThrough(new URL(`http://127.0.0.1:${loopback.port}`), target, never);
    socket.write("hello");
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe("early echo hello");
    expect(asked).toEqual([
      {
        path: "example.teleport.sh:443",
        headers: { host: "example.teleport.sh:443", connection: expect.any(String) },
      },
    ]);
  });

  test("writes an IPv6 target in brackets and sends the decoded credentials", async () => {
    const { server, asked } = proxyServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    await using loopback = await listen(server);
    const url = new URL(`http://us%40er:p%25%3A%C3%A4@127.0.0.1:${loopback.port}`);
    (await connectThrough(url, { host: "2001:db8::7", port: 3080 }, never)).destroy();
    expect(asked[0]?.path).toBe("[2001:db8::7]:3080");
    const sent = String(asked[0]?.headers["proxy-authorization"]);
    expect(Buffer.from(sent.replace("Basic ", ""), "base64").toString()).toBe("us@er:p%:ä");
  });

  test.each([
    [
      "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
      "it answered 407 Proxy Authentication Required.",
      false,
    ],
    ["HTTP/1.1 403 Forbidden\r\n\r\n<html>", "it answered 403 Forbidden.", false],
    ["HTTP/1.1 204 No Content\r\n\r\n", "it answered 204 No Content.", false],
    ["HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", "it answered 302 Found.", false],
    ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "it answered 503 Service Unavailable.", true],
    ["", "socket hang up.", true],
    ["SSH-2.0-OpenSSH_9.2\r\n", "Parse Error", true],
  ])("refusal %j", async (answer, why, retryable) => {
    const { server } = proxyServer((socket) => socket.end(answer));
    await using loopback = await listen(server);
    const url = new URL(`http://me:hunter2@127.0.0.1:${loopback.port}`);
    const failure = connectThrough(url, target, never);
    await expect(failure).rejects.toMatchObject({
      code: "ERR_TRANSPORT_HTTP_PROXY",
      retryable,
      message: expect.stringContaining(
        `127.0.0.1:${loopback.port} did not open a tunnel to example.teleport.sh:443: ${why}`,
      ),
    });
    await expect(failure).rejects.toMatchObject({ message: expect.not.stringContaining("hunter2") });
  });

  test("nothing listens", async () => {
    const loopback = await listen(createServer());
    await loopback[Symbol.asyncDispose]();
    await expect(
      connectThrough(new URL(`http://127.0.0.1:${loopback.port}`), target, never),
    ).rejects.toMatchObject({
      code: "ERR_TRANSPORT_HTTP_PROXY",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("gives up when the signal is aborted, and leaves a tunnel alone afterwards", async () => {
    const controller = new AbortController();
    const silent = proxyServer(() => controller.abort(new Error("enough")));
    await using loopback = await listen(silent.server);
    const url = new URL(`http://127.0.0.1:${loopback.port}`);
    await expect(connectThrough(url, target, controller.signal)).rejects.toThrow("enough");

    const later = new AbortController();
    const open = proxyServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.once("data", (chunk) => socket.end(chunk));
    });
    await using second = await listen(open.server);
    const socket = await connectThrough(new URL(`http://127.0.0.1:${second.port}`), target, later.signal);
    later.abort();
    socket.write("still here");
    for await (const chunk of socket) expect(String(chunk)).toBe("still here");
  });

  test("a time limit is told as one", async () => {
    const { server } = proxyServer(() => {});
    await using loopback = await listen(server);
    const url = new URL(`http://127.0.0.1:${loopback.port}`);
    await expect(connectThrough(url, target, AbortSignal.timeout(20))).rejects.toMatchObject({
      code: "ERR_TRANSPORT_TIMEOUT",
      retryable: true,
    });
  });

  test("a proxy that is reached by TLS must be trusted", async (context) => {
    const leaf = createAuthority(context, "1").issue({ names: ["IP:127.0.0.1"] });
    await using loopback = await listen(
      createHttpsServer({ cert: leaf.certificatePem, key: leaf.privateKeyPem }),
    );
    await expect(
      connectThrough(new URL(`https://127.0.0.1:${loopback.port}`), target, never),
    ).rejects.toMatchObject({
      code: "ERR_TRANSPORT_HTTP_PROXY",
      message: expect.stringContaining("unable to verify the first certificate"),
    });
  });
});

test("openTunnel goes through the proxy of a URL's server, or not at all", async () => {
  const asked: (string | undefined)[] = [];
  const server = createHttpServer().on("connect", (request, socket) => {
    asked.push(request.url);
    socket.end("HTTP/1.1 200 OK\r\n\r\n");
  });
  await using loopback = await listen(server);
  const environment = { HTTPS_PROXY: `http://127.0.0.1:${loopback.port}`, NO_PROXY: ".internal" };
  const urls = [
    "https://oidc.test/token",
    "https://[2001:db8::7]:8443/",
    "http://plain.test/",
    "https://a.internal/",
    "http://localhost:1/",
  ];
  const tunnels = await Promise.all(urls.map((url) => openTunnel(new URL(url), environment, never)));
  expect(tunnels.map((socket) => socket !== undefined)).toEqual([true, true, true, false, false]);
  expect(asked.sort()).toEqual(["[2001:db8::7]:8443", "oidc.test:443", "plain.test:80"]);
  for (const socket of tunnels) socket?.destroy();
});
