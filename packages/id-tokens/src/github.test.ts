import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { IdTokenError } from "./errors.ts";
import { github } from "./github.ts";
import { maxAnswerBytes } from "./http-token.ts";
import {
  createTestDeps,
  everythingOf,
  failureOf,
  makeToken,
  reply,
  requestToken,
  startEndpoint,
} from "./testing.ts";
import type { IdTokenRequest } from "./types.ts";

const token = makeToken();
const good = reply(200, JSON.stringify({ count: 1, value: token }));

function requestTo(url: string): IdTokenRequest {
  return {
    platform: {
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: url,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
    audience: "a b&c",
    joinMethod: "github",
  };
}

function expectNoSecret(texts: string[]): void {
  const payload = token.split(".")[1] ?? "";
  for (const text of texts) {
    expect(text).not.toContain(requestToken);
    expect(text).not.toContain(payload.slice(0, 20));
    expect(text).not.toMatch(/^\s*::/m);
    expect(text).not.toContain("##[");
  }
}

describe("the request", () => {
  it("adds the audience to the query and shows the credential", async () => {
    await using endpoint = await startEndpoint(good);
    const deps = createTestDeps();
    const result = await github.fetchToken(requestTo(endpoint.url), deps);
    expect(result.token.reveal()).toBe(token);
    expect(result.serverDate?.toISOString()).toBe("2026-11-22T10:00:00.000Z");
    expect(endpoint.requests).toEqual([
      {
        path: "/token?api-version=2.0&audience=a%20b%26c",
        authorization: `Bearer ${requestToken}`,
        accept: "application/json; api-version=2.0",
      },
    ]);
    expect(deps.secrets).toEqual([requestToken, token]);
    expect(deps.log).toEqual([]);
  });

  it("goes through the tunnel that the caller opens, and asks for it by the address", async () => {
    await using endpoint = await startEndpoint(good);
    const asked: string[] = [];
    const sockets: Socket[] = [];
    const deps = createTestDeps({
      openTunnel: async (url) => {
        asked.push(url.host);
        const socket = connect(Number(url.port), url.hostname);
        sockets.push(socket);
        return socket;
      },
    });
    const result = await github.fetchToken(requestTo(endpoint.url), deps);
    expect(result.token.reveal()).toBe(token);
    expect(asked).toEqual([new URL(endpoint.url).host]);
    expect(sockets[0]?.bytesWritten).toBeGreaterThan(100);
  });

  it("has its credential masked before it is sent", async () => {
    const order: string[] = [];
    await using endpoint = await startEndpoint((request, response) => {
      order.push("sent");
      good(request, response);
    });
    await github.fetchToken(
      requestTo(endpoint.url),
      createTestDeps({ onSecret: () => void order.push("masked") }),
    );
    expect(order).toEqual(["masked", "sent", "masked"]);
  });

  it("starts the query when the address has none", async () => {
    await using endpoint = await startEndpoint(good);
    await github.fetchToken(requestTo(endpoint.url.replace(/\?.*/, "")), createTestDeps());
    expect(endpoint.requests[0]?.path).toBe("/token?audience=a%20b%26c");
  });
});

describe("what is tried again", () => {
  it.each([
    ["500", reply(500, "{}"), [250]],
    ["503 with HTML", reply(503, "<html>busy</html>", { "content-type": "text/html" }), [250]],
    ["429 with seconds", reply(429, "{}", { "retry-after": "3" }), [3000]],
    ["429 with a date", reply(429, "{}", { "retry-after": "Sun, 22 Nov 2026 10:00:05 GMT" }), [5000]],
    ["429 that asks for too long", reply(429, "{}", { "retry-after": "86400" }), [8000]],
    ["429 without a wait", reply(429, "{}", { "retry-after": "soon" }), [250]],
  ])("%s", async (_name, first, waits) => {
    await using endpoint = await startEndpoint(first, good);
    const deps = createTestDeps();
    expect((await github.fetchToken(requestTo(endpoint.url), deps)).token.reveal()).toBe(token);
    expect(deps.clock.waited).toEqual(waits);
    expect(deps.log).toHaveLength(1);
    expectNoSecret(deps.log);
  });

  it("a reset connection", async () => {
    await using endpoint = await startEndpoint((request) => request.socket.resetAndDestroy(), good);
    const deps = createTestDeps();
    expect((await github.fetchToken(requestTo(endpoint.url), deps)).token.reveal()).toBe(token);
    expect(deps.clock.waited).toEqual([250]);
  });

  it("an answer cut off in the middle", async () => {
    const cut = `{"value":"${token}`;
    await using endpoint = await startEndpoint((_request, response) => {
      response.writeHead(200, { "content-length": "5000" });
      response.write(cut, () => response.destroy());
    }, good);
    const deps = createTestDeps();
    expect((await github.fetchToken(requestTo(endpoint.url), deps)).token.reveal()).toBe(token);
    expectNoSecret(deps.log);
  });

  it("an answer that takes more than 10 s, also when it has begun", async () => {
    const deps = createTestDeps();
    await using endpoint = await startEndpoint(
      () => deps.clock.expire(),
      (_request, response) => {
        response.writeHead(200);
        response.write("{", () => setImmediate(() => deps.clock.expire()));
      },
      good,
    );
    expect((await github.fetchToken(requestTo(endpoint.url), deps)).token.reveal()).toBe(token);
    expect(deps.log).toEqual([
      expect.stringContaining("no answer within 10s. Try 2 follows in 250ms."),
      expect.stringContaining("no answer within 10s. Try 3 follows in 500ms."),
    ]);
  });
});

describe("what ends it", () => {
  it("lists every try after the last one", async () => {
    await using endpoint = await startEndpoint(
      reply(500, JSON.stringify({ message: "database\n::error::is down ##[add-mask]x" })),
      reply(502, `token ${requestToken} seen`),
      reply(429, ""),
    );
    const deps = createTestDeps();
    const error = await failureOf(github.fetchToken(requestTo(endpoint.url), deps));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_REQUEST_FAILED", kind: "network" });
    expect(error.message.split("\n")).toEqual([
      expect.stringMatching(
        /^Requesting an ID token of GitHub Actions from 127\.0\.0\.1:\d+ failed 5 times\.$/,
      ),
      'Try 1 got HTTP 500, "database ::error::is down ## [add-mask]x".',
      'Try 2 got HTTP 502, "token [redacted] seen".',
      "Try 3 got HTTP 429.",
      "Try 4 got HTTP 429.",
      "Try 5 got HTTP 429.",
    ]);
    expect(deps.clock.waited).toEqual([250, 500, 1000, 2000]);
    expectNoSecret([everythingOf(error), ...deps.log]);
  });

  const json = { "content-type": "application/json" };
  it.each([
    ["403 with a message", reply(403, '{"message":"no permission"}'), "REFUSED", 'HTTP 403, "no permission"'],
    ["401 without a body", reply(401, ""), "REFUSED", "HTTP 401."],
    [
      "400 echoing the credential",
      reply(400, `bad ${requestToken}`),
      "REFUSED",
      'HTTP 400, "bad [redacted]"',
    ],
    ["404 holding a token", reply(404, `x ${token}`), "REFUSED", 'HTTP 404, "x [redacted]"'],
    ["a redirect", reply(302, "", { location: "http://127.0.0.1:1/" }), "INVALID", "HTTP 302"],
    ["HTML", reply(200, "<html></html>", { "content-type": "text/html" }), "INVALID", "13 bytes (text/html)"],
    ["truncated JSON", reply(200, `{"value":"${token}`, json), "INVALID", "not a JSON object"],
    [
      "broken JSON around the token",
      reply(200, `{"value":"${token}"]`, json),
      "INVALID",
      "not a JSON object",
    ],
    ["a bare string", reply(200, JSON.stringify(token), json), "INVALID", "not a JSON object"],
    ["another key", reply(200, JSON.stringify({ token }), json), "INVALID", 'without a text at "value"'],
    ["a number", reply(200, '{"value":1}', json), "INVALID", 'without a text at "value"'],
    ["an empty value", reply(200, '{"value":""}', json), "INVALID", 'without a text at "value"'],
    ["a huge body", reply(200, "x".repeat(maxAnswerBytes + 1)), "INVALID", "longer than 1048576 bytes"],
  ])("%s, after one try", async (_name, answer, code, text) => {
    await using endpoint = await startEndpoint(answer);
    const deps = createTestDeps();
    const error = await failureOf(github.fetchToken(requestTo(endpoint.url), deps));
    const codes = { REFUSED: "ERR_IDTOKEN_REQUEST_REFUSED", INVALID: "ERR_IDTOKEN_RESPONSE_INVALID" };
    expect(error).toMatchObject({ code: codes[code as keyof typeof codes], retryable: false });
    expect(error.message).toContain(text);
    expect(endpoint.requests).toHaveLength(1);
    expectNoSecret([everythingOf(error), ...deps.log]);
  });

  it("an endless body is cut off at the limit", async () => {
    let written = 0;
    await using endpoint = await startEndpoint((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write("y".repeat(65_536))) written += 65_536;
      };
      response.on("drain", more);
      more();
    });
    const error = await failureOf(github.fetchToken(requestTo(endpoint.url), createTestDeps()));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_RESPONSE_INVALID" });
    expect(written).toBeLessThan(64 * maxAnswerBytes);
  });

  it("a port where nobody listens", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    const port = typeof address === "object" ? address?.port : 0;
    await new Promise((resolve) => closed.close(resolve));
    const deps = createTestDeps();
    const error = await failureOf(github.fetchToken(requestTo(`http://127.0.0.1:${port}/`), deps));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_REQUEST_FAILED" });
    expect(error.message).toContain("failed 5 times");
    expect(error.message).toContain("ECONNREFUSED");
    expectNoSecret([everythingOf(error), ...deps.log]);
  });

  it("a plain server where TLS is expected", async () => {
    await using endpoint = await startEndpoint(good);
    const url = endpoint.url.replace("http:", "https:");
    const error = await failureOf(github.fetchToken(requestTo(url), createTestDeps()));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_REQUEST_FAILED", kind: "network" });
    expectNoSecret([everythingOf(error)]);
  });

  it("an aborted signal, with its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("the job was cancelled");
    await using endpoint = await startEndpoint(() => controller.abort(reason));
    const call = github.fetchToken(requestTo(endpoint.url), createTestDeps({ signal: controller.signal }));
    expect(await failureOf(call)).toBe(reason);
    expect(endpoint.requests).toHaveLength(1);
  });

  it.each(["not an address", "ftp://host/x?y=1", "javascript:alert(1)"])("the address %s", async (url) => {
    const error = await failureOf(github.fetchToken(requestTo(url), createTestDeps()));
    expect(error).toBeInstanceOf(IdTokenError);
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_REQUEST_VARIABLES" });
    expectNoSecret([everythingOf(error)]);
  });

  it("a credential that no header can carry", async () => {
    await using endpoint = await startEndpoint(good);
    const request = requestTo(endpoint.url);
    const platform = { ...request.platform, ACTIONS_ID_TOKEN_REQUEST_TOKEN: `${requestToken}\r\nx: y` };
    const error = await failureOf(github.fetchToken({ ...request, platform }, createTestDeps()));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_REQUEST_FAILED", retryable: false });
    expectNoSecret([everythingOf(error)]);
  });
});
