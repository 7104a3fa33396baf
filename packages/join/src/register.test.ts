import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import { Secret } from "@bot-join/core";
import { ProxyDialer } from "@bot-join/transport";
import { describe, expect, type TestContext, test } from "vitest";
import { createAuthority } from "../../transport/src/testing/certificates.ts";
import { type Loopback, listen } from "../../transport/src/testing/loopback.ts";
import { findJoinMethod } from "./methods/index.ts";
import { printableTokenName, type RegisterOptions, register } from "./register.ts";
import { recordedBotKey, recordedJoin, recordedJoins } from "./testing/recorded.ts";

const key = recordedBotKey();

function proxy(context: TestContext, answer: RequestListener): Promise<Loopback> {
  const { certificatePem, privateKeyPem } = createAuthority(context, "web").issue({
    names: ["IP:127.0.0.1"],
  });
  return listen(createServer({ cert: certificatePem, key: privateKeyPem }, answer));
}

/** Answers every request with these bytes. */
function answering(status: number, headers: Record<string, string>, body: string): RequestListener {
  return (_request, response) => {
    response.writeHead(status, headers).end(body);
  };
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): RequestListener {
  return answering(status, { "content-type": "application/json", ...headers }, JSON.stringify(body));
}

async function join({ port }: Loopback, options: Partial<RegisterOptions> = {}) {
  const signal = new AbortController().signal;
  const dialer = new ProxyDialer({
    proxy: { host: "127.0.0.1", port },
    webTrust: { ca: undefined, insecure: true },
    environment: {},
    signal,
  });
  try {
    return await register(dialer, await dialer.openWeb(), {
      method: findJoinMethod("github"),
      token: new Secret("ghcom"),
      idToken: new Secret("e30.e30.e30"),
      keyPair: key,
      expires: new Date("2026-11-22T05:31:50.123Z"),
      caPins: [],
      signal,
      ...options,
    });
  } finally {
    dialer.close();
  }
}

describe("register", () => {
  test("sends the whole request, and reads what a real cluster answered", async (context) => {
    let seen: { path: string | undefined; body: unknown } | undefined;
    await using server = await proxy(context, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      seen = { path: `${request.method} ${request.url}`, body: JSON.parse(Buffer.concat(chunks).toString()) };
      json(200, JSON.parse(recordedJoin("ok").body))(request, response);
    });
    const bot = await join(server);
    expect(bot.identity).toMatchObject({ cluster: "bot.test", botName: "robot" });
    expect(seen).toEqual({
      path: "POST /v1/webapi/host/credentials",
      body: {
        hostID: "",
        node_name: "",
        role: "Bot",
        token: "ghcom",
        additional_principals: null,
        dns_names: null,
        // As the recorded request had them.
        public_tls_key: recordedJoin("ok").publicTlsKey,
        public_ssh_key: recordedJoin("ok").publicSshKey,
        remote_addr: "",
        ec2_id: null,
        id_token: "e30.e30.e30",
        expires: "2026-11-22T05:31:50.123Z",
      },
    });
  });

  test("without an ID token its member is empty", async (context) => {
    let sent = "";
    await using server = await proxy(context, (request, response) => {
      request.on("data", (chunk) => {
        sent += chunk;
      });
      request.on("end", () => json(200, JSON.parse(recordedJoin("ok").body))(request, response));
    });
    await join(server, { method: findJoinMethod("token"), idToken: undefined });
    expect(JSON.parse(sent)).toMatchObject({ id_token: "" });
  });

  test("an answer that is of no use", async (context) => {
    await using server = await proxy(
      context,
      answering(200, { "content-type": "text/html" }, "<html>log in</html>"),
    );
    await expect(join(server)).rejects.toMatchObject({
      code: "ERR_JOIN_ANSWER_INVALID",
      message: expect.stringContaining(`The cluster at 127.0.0.1:${server.port} answered`),
    });
  });

  test.for(Object.entries(recordedJoins).filter(([, { status }]) => status !== 200))(
    "recorded: %s",
    async ([, { status, contentType, body }], context) => {
      await using server = await proxy(context, answering(status, { "content-type": contentType }, body));
      const message =
        contentType === "application/json" ? `(HTTP ${status})` : "that is not a Teleport proxy";
      await expect(join(server)).rejects.toMatchObject({
        retryable: false,
        message: expect.stringContaining(message),
      });
    },
  );

  test.for<[string, RequestListener, { message: string }]>([
    [
      "HTML 404",
      answering(404, { "content-type": "text/html; charset=utf-8" }, "<h1>Not found</h1>"),
      { message: "HTTP 404 (text/html)" },
    ],
    [
      "HTML 403",
      answering(403, { "content-type": "text/html" }, "<h1>Blocked</h1>"),
      { message: "HTTP 403 (text/html)" },
    ],
    [
      "HTML 500",
      answering(500, { "content-type": "text/html" }, "<h1>Oops</h1>"),
      { message: "HTTP 500 (text/html)" },
    ],
    ["a redirect", answering(301, { location: "https://elsewhere/" }, ""), { message: "HTTP 301 (no type)" }],
    ["no content", answering(204, {}, ""), { message: "HTTP 204 (no type)" }],
    ["JSON of another kind", json(404, { error: "no route" }), { message: "HTTP 404 (application/json)" }],
    ["JSON that is no object", json(404, "no route"), { message: "HTTP 404 (application/json)" }],
  ])("a stranger answers: %s", async ([_what, answer, { message }], context) => {
    await using server = await proxy(context, answer);
    await expect(join(server)).rejects.toMatchObject({
      name: "TransportError",
      code: "ERR_TRANSPORT_NOT_TELEPORT",
      requestSent: true,
      retryable: false,
      message: expect.stringContaining(message),
    });
  });

  test.for<[string, RequestListener, object]>([
    [
      "429 with seconds",
      json(429, { error: { message: "max rate reached" } }, { "retry-after": "3" }),
      { code: "ERR_JOIN_RATE_LIMITED", details: { retryAfterMs: 3000 } },
    ],
    [
      "429 in HTML",
      answering(429, { "content-type": "text/html", "retry-after": "1" }, "<h1>"),
      { code: "ERR_JOIN_RATE_LIMITED", details: { retryAfterMs: 1000 } },
    ],
    [
      "503 with a date",
      answering(
        503,
        { date: "Sun, 22 Nov 2026 04:31:50 GMT", "retry-after": "Sun, 22 Nov 2026 04:31:55 GMT" },
        "down",
      ),
      { code: "ERR_JOIN_CLUSTER_FAILED", details: { retryAfterMs: 5000 } },
    ],
    [
      "502 without anything",
      answering(502, {}, ""),
      { code: "ERR_JOIN_CLUSTER_FAILED", message: expect.stringContaining("no reason given (HTTP 502)") },
    ],
    [
      "504 of the cluster",
      json(504, { message: "auth is down" }),
      { code: "ERR_JOIN_CLUSTER_FAILED", message: expect.stringContaining("auth is down") },
    ],
  ])("worth another try: %s", async ([_what, answer, expected], context) => {
    await using server = await proxy(context, answer);
    await expect(join(server)).rejects.toMatchObject({ name: "JoinError", retryable: true, ...expected });
  });

  test.for<[string, RequestListener, object]>([
    [
      "cut off in the middle",
      (_request, response) => {
        response
          .writeHead(200, { "content-length": "9000" })
          .write(recordedJoin("ok").body.slice(0, 100), () => response.destroy());
      },
      { code: "ERR_TRANSPORT_CONNECTION_LOST", retryable: true },
    ],
    [
      "closed without an answer",
      (request) => request.socket.destroy(),
      { code: "ERR_TRANSPORT_CONNECTION_LOST", retryable: true },
    ],
    [
      "20 MB long",
      (_request, response) => {
        response.on("error", () => {});
        response.end(Buffer.alloc(20 * 1024 * 1024, " "));
      },
      { code: "ERR_TRANSPORT_ANSWER_INVALID", retryable: false },
    ],
  ])(
    "an answer %s may have been a join: the request was sent",
    async ([_what, answer, expected], context) => {
      await using server = await proxy(context, answer);
      await expect(join(server)).rejects.toMatchObject({
        name: "TransportError",
        requestSent: true,
        ...expected,
      });
    },
  );

  test("no secret is shown, even when the server quotes it", async (context) => {
    await using server = await proxy(context, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { token, id_token } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
        json(500, { error: { message: `what is ${token}, what is ${id_token}?` } })(request, response);
      });
    });
    const secret = {
      method: findJoinMethod("token"),
      token: new Secret("hunter2hunter2"),
      idToken: undefined,
    };
    await expect(join(server, secret)).rejects.toMatchObject({
      message: expect.stringMatching(
        /with the token given \(a secret, not shown\): what is \[redacted\], what is \?/,
      ),
      details: { serverMessage: "what is [redacted], what is ?" },
    });
    await expect(join(server)).rejects.toMatchObject({
      details: { serverMessage: "what is ghcom, what is [redacted]?" },
    });
  });

  test("an aborted signal gives its reason", async (context) => {
    const controller = new AbortController();
    await using server = await proxy(context, () => controller.abort(new Error("enough")));
    await expect(join(server, { signal: controller.signal })).rejects.toThrow("enough");
  });
});

test("a token's name is shown unless it is the secret", () => {
  expect(printableTokenName(findJoinMethod("github"), new Secret("ghcom"))).toBe('"ghcom"');
  expect(printableTokenName(findJoinMethod("token"), new Secret("s3cr3t"))).not.toContain("s3cr3t");
});
