import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { azureDevops } from "./azure-devops.ts";
import { gcp } from "./gcp.ts";
import { maxAnswerBytes } from "./http-token.ts";
import {
  createTestDeps,
  everythingOf,
  failureOf,
  findLeaks,
  makeToken,
  reply,
  requestToken,
  startEndpoint,
} from "./testing.ts";
import type { IdTokenRequest, Platform } from "./types.ts";

type Fault = [name: string, answer: Parameters<typeof startEndpoint>[0], code: string, text: string];

interface FaultyPlatform {
  name: string;
  platform: Platform;
  title: string;
  good: Fault[1];
  request(url: string): IdTokenRequest;
  faults: Fault[];
}

const token = makeToken();
const metadata = { "metadata-flavor": "Google", "content-type": "text/plain" };

/** The platforms that are asked over HTTP besides GitHub, whose own test has the same faults. */
const cases: FaultyPlatform[] = [
  {
    name: "azure_devops",
    platform: azureDevops,
    title: "Azure DevOps",
    good: reply(200, JSON.stringify({ oidcToken: token })),
    request: (url: string): IdTokenRequest => ({
      platform: { SYSTEM_OIDCREQUESTURI: url, SYSTEM_ACCESSTOKEN: requestToken },
      audience: "a",
      joinMethod: "azure_devops",
    }),
    faults: [
      ["a page to sign in", reply(203, "<html>sign in</html>"), "ERR_IDTOKEN_REQUEST_REFUSED", "HTTP 203"],
      [
        "a way to it",
        reply(302, "", { location: "http://127.0.0.1:1/" }),
        "ERR_IDTOKEN_REQUEST_REFUSED",
        "HTTP 302",
      ],
      ["another success", reply(201, `{"oidcToken":"${token}"}`), "ERR_IDTOKEN_RESPONSE_INVALID", "HTTP 201"],
      [
        "HTML",
        reply(200, "<html></html>", { "content-type": "text/html" }),
        "ERR_IDTOKEN_RESPONSE_INVALID",
        "13 bytes (text/html) that are not a JSON object",
      ],
      [
        "half an answer",
        reply(200, `{"oidcToken":"${token}`),
        "ERR_IDTOKEN_RESPONSE_INVALID",
        "not a JSON object",
      ],
      [
        "GitHub's key",
        reply(200, `{"value":"${token}"}`),
        "ERR_IDTOKEN_RESPONSE_INVALID",
        'without a text at "oidcToken"',
      ],
      [
        "an empty token",
        reply(200, '{"oidcToken":""}'),
        "ERR_IDTOKEN_RESPONSE_INVALID",
        'without a text at "oidcToken"',
      ],
    ],
  },
  {
    name: "gcp",
    platform: gcp,
    title: "Google Cloud",
    good: reply(200, token, metadata),
    request: (url: string): IdTokenRequest => ({
      platform: { GCE_METADATA_HOST: new URL(url).host },
      audience: "a",
      joinMethod: "gcp",
    }),
    faults: [
      [
        "another server",
        reply(200, token),
        "ERR_IDTOKEN_RESPONSE_INVALID",
        "without the header Metadata-Flavor: Google",
      ],
      [
        "a redirect",
        reply(302, "", { location: "http://127.0.0.1:1/" }),
        "ERR_IDTOKEN_RESPONSE_INVALID",
        "HTTP 302",
      ],
    ],
  },
];

describe.each(cases)("$name", ({ platform, title, good, request, faults }) => {
  it.each([
    ["500", reply(500, "{}"), [250]],
    ["503 with HTML", reply(503, "<html>busy</html>"), [250]],
    ["429 with a wait", reply(429, "{}", { "retry-after": "3" }), [3000]],
  ])("is asked again after %s", async (_name, first, waits) => {
    await using endpoint = await startEndpoint(first, good);
    const deps = createTestDeps();
    expect((await platform.fetchToken(request(endpoint.url), deps)).token.reveal()).toBe(token);
    expect(deps.clock.waited).toEqual(waits);
    expect(findLeaks(token, ...deps.log)).toEqual([]);
  });

  it("is asked again after a reset, an answer cut off and one that takes more than 10 s", async () => {
    const deps = createTestDeps();
    await using endpoint = await startEndpoint(
      (received) => received.socket.resetAndDestroy(),
      (_received, response) => {
        response.writeHead(200, { "content-length": "5000" });
        response.write(token, () => response.destroy());
      },
      () => deps.clock.expire(),
      good,
    );
    expect((await platform.fetchToken(request(endpoint.url), deps)).token.reveal()).toBe(token);
    expect(endpoint.requests).toHaveLength(4);
    expect(deps.log[2]).toContain("no answer within 10s. Try 4 follows");
    expect(findLeaks(token, ...deps.log)).toEqual([]);
  });

  it("lists every try after the last one", async () => {
    await using endpoint = await startEndpoint(
      reply(502, `busy ${requestToken} ${token} ##vso[task.complete]`),
    );
    const deps = createTestDeps();
    const error = await failureOf(platform.fetchToken(request(endpoint.url), deps));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_REQUEST_FAILED", kind: "network", retryable: false });
    expect(error.message).toMatch(
      new RegExp(`^Requesting an ID token of ${title} from 127\\.0\\.0\\.1:\\d+ failed 5 times\\.\n`),
    );
    expect(error.message.split("\n")).toHaveLength(6);
    if (platform === azureDevops) expect(findLeaks(token, everythingOf(error), ...deps.log)).toEqual([]);
  });

  it("that listens nowhere is told after every try", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    const port = typeof address === "object" ? address?.port : 0;
    await new Promise((resolve) => closed.close(resolve));
    const error = await failureOf(
      platform.fetchToken(request(`http://127.0.0.1:${port}/`), createTestDeps()),
    );
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_REQUEST_FAILED" });
    expect(error.message).toContain("ECONNREFUSED");
    expect(findLeaks(token, everythingOf(error))).toEqual([]);
  });

  const refused = "ERR_IDTOKEN_REQUEST_REFUSED";
  it.each<Fault>([
    ["401", reply(401, ""), refused, "HTTP 401."],
    [
      "403 with a message",
      reply(403, '{"message":"no\\n::error::rights"}'),
      refused,
      'HTTP 403, "no ::error::rights"',
    ],
    ["404 that holds a token", reply(404, `x ${token}`), refused, 'HTTP 404, "x [redacted]"'],
    [
      "a huge body",
      reply(200, "x".repeat(maxAnswerBytes + 1), metadata),
      "ERR_IDTOKEN_RESPONSE_INVALID",
      "longer than 1048576 bytes",
    ],
    ...faults,
  ])("ends at %s, after one try", async (_name, answer, code, text) => {
    await using endpoint = await startEndpoint(answer);
    const deps = createTestDeps();
    const error = await failureOf(platform.fetchToken(request(endpoint.url), deps));
    expect(error).toMatchObject({ code, retryable: false });
    expect(error.message).toContain(text);
    expect(endpoint.requests).toHaveLength(1);
    expect(findLeaks(token, everythingOf(error), ...deps.log)).toEqual([]);
  });

  it("ends with the reason of an aborted signal", async () => {
    const controller = new AbortController();
    const reason = new Error("the job was cancelled");
    await using endpoint = await startEndpoint(() => controller.abort(reason));
    const call = platform.fetchToken(request(endpoint.url), createTestDeps({ signal: controller.signal }));
    expect(await failureOf(call)).toBe(reason);
  });
});
