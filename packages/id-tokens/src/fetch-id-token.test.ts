import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import { afterAll, describe, expect, it } from "vitest";
import { fetchIdToken } from "./fetch-id-token.ts";
import {
  createFakeClock,
  createTestDeps,
  everythingOf,
  failureOf,
  makeToken,
  reply,
  requestToken,
  startEndpoint,
  testAudience,
  testNow,
} from "./testing.ts";
import type { IdTokenRequest } from "./types.ts";

const directory = mkdtempSync(join(tmpdir(), "bot-join-fetch-"));
afterAll(() => rmSync(directory, { recursive: true }));

const nowSeconds = testNow.getTime() / 1000;

function given(value: NonNullable<IdTokenRequest["given"]>, joinMethod = "github"): IdTokenRequest {
  return { platform: {}, audience: testAudience, given: value, joinMethod };
}

describe("a token from the inputs", () => {
  const token = makeToken();
  const path = join(directory, "token");
  writeFileSync(path, `${token}\n`);
  const command = `'${process.execPath}' --print '"${token}"'`;

  it.each([
    ["id-token", { idToken: new Secret(` ${token}\n`) }, "the input id-token"],
    ["id-token-file", { idTokenFile: path }, `the file ${path}`],
    ["id-token-command", { idTokenCommand: command }, "the command of id-token-command"],
    ["the first of several", { idToken: new Secret(token), idTokenFile: "/none" }, "the input id-token"],
  ])("%s is taken, on any platform", async (_name, value, source) => {
    const deps = createTestDeps();
    const result = await fetchIdToken(given(value, "some_method"), deps);
    expect(result).toMatchObject({ source, claims: { sub: "repo:octo/app:ref:refs/heads/main" } });
    expect(result.token.reveal()).toBe(token);
    expect(deps.secrets).toEqual([token]);
    expect(deps.log).toEqual([]);
  });

  it.each([
    ["expired", { exp: nowSeconds - 120 }, "ERR_IDTOKEN_EXPIRED"],
    ["of the future", { iat: nowSeconds + 120 }, "ERR_IDTOKEN_NOT_YET_VALID"],
    ["for another audience", { aud: "example.teleport.sh" }, "ERR_IDTOKEN_AUDIENCE_MISMATCH"],
  ])("%s is refused, masked and not shown", async (_name, claims, code) => {
    const bad = makeToken(claims);
    const deps = createTestDeps();
    const error = await failureOf(fetchIdToken(given({ idToken: new Secret(bad) }), deps));
    expect(error).toMatchObject({ code, message: expect.stringContaining("from the input id-token") });
    expect(deps.secrets).toEqual([bad]);
    expect([everythingOf(error), ...deps.log].join("\n")).not.toContain(bad.split(".")[1]);
  });

  it("that is no token is refused, masked and not shown", async () => {
    const deps = createTestDeps();
    const error = await failureOf(fetchIdToken(given({ idToken: new Secret("s3cret-password") }), deps));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_MALFORMED" });
    expect(deps.secrets).toEqual(["s3cret-password"]);
    expect(everythingOf(error)).not.toContain("s3cret-password");
  });
});

describe("a token from GitHub", () => {
  function fromGitHub(url: string): IdTokenRequest {
    const platform = { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken };
    return { platform, audience: testAudience, joinMethod: "github" };
  }

  it.each([
    ["as it should be", 0, []],
    ["with a clock 60 s fast", 60, []],
    ["with a clock that is 10 minutes fast", 600, [/10m ahead of the platform's/]],
    ["with a clock that is an hour slow", -3600, [/1h behind the platform's/]],
  ])("%s", async (_name, skewSeconds, warnings) => {
    await using endpoint = await startEndpoint(reply(200, JSON.stringify({ value: makeToken() })));
    const clock = createFakeClock(new Date(testNow.getTime() + skewSeconds * 1000));
    const deps = createTestDeps({ clock });
    expect((await fetchIdToken(fromGitHub(endpoint.url), deps)).source).toBe("GitHub Actions");
    expect(deps.log).toEqual(warnings.map((text) => expect.stringMatching(text)));
  });

  it("that is expired by the server's own clock is refused", async () => {
    const token = makeToken({ exp: nowSeconds - 90 });
    await using endpoint = await startEndpoint(reply(200, JSON.stringify({ value: token })));
    const deps = createTestDeps();
    const error = await failureOf(fetchIdToken(fromGitHub(endpoint.url), deps));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_EXPIRED" });
    expect(error.message).toContain("the clock of the server that issued it says");
    expect(everythingOf(error)).not.toContain(token.split(".")[1]);
  });

  it("is asked for by its own join method only", async () => {
    const error = await failureOf(
      fetchIdToken({ ...fromGitHub("http://x/"), joinMethod: "oracle" }, createTestDeps()),
    );
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_METHOD_UNSUPPORTED" });
    expect(error.message).toContain('"oracle"; known are: github, gitlab, circleci');
  });

  it("is not asked for after the end", async () => {
    const reason = new Error("the time is over");
    const deps = createTestDeps({ signal: AbortSignal.abort(reason) });
    expect(await failureOf(fetchIdToken(fromGitHub("http://x/"), deps))).toBe(reason);
    expect(deps.secrets).toEqual([]);
  });
});
