import { X509Certificate } from "node:crypto";
import type { BadToken, Emulator } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { githubIssuer, startTestEmulator } from "../support/emulator.ts";
import { type RawHttpAnswer, rawHttp, rawJoin, rawJoinRequest, rawKey } from "../support/raw-client.ts";
import { signIdToken, targetOf } from "./joined.ts";
import { recorded, recordedJoins } from "./recorded.ts";

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startTestEmulator({ version: "14" });
});
afterAll(() => emulator[Symbol.asyncDispose]());

/** Compares an answer with the recorded one: status, headers but for their order, body to the byte. */
function expectRecorded(answer: RawHttpAnswer, name: string): void {
  const wanted = recorded(recordedJoins, name);
  const { date, ...headers } = answer.headers;
  expect(answer.status).toBe(wanted.status);
  expect(Date.parse(String(date))).toBeGreaterThan(0);
  expect(headers).toEqual(wanted.headers);
  if (wanted.body !== undefined) expect(answer.body).toBe(wanted.body);
  else expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(wanted.bodyKeys);
}

interface JoinCase {
  name: string;
  /** Members of the request that differ; undefined leaves one out. */
  request?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  bad?: BadToken;
}

const hour = 3_600_000;
const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString();

const cases: JoinCase[] = [
  { name: "ok" },
  { name: "ok, expires 10 min", request: { expires: inFuture(hour / 6) } },
  { name: "ok, expires 100 days", request: { expires: inFuture(2400 * hour) } },
  { name: "expires in the past", request: { expires: inFuture(-hour) } },
  { name: "unknown extra key", request: { nonsense: { a: 1 } } },
  { name: "unknown token", request: { token: "nope" } },
  { name: "empty token", request: { token: "" } },
  { name: "role node", request: { role: "Node", hostID: "x" } },
  { name: "role bot lower case", request: { role: "bot" } },
  { name: "role unknown", request: { role: "Nonsense" } },
  { name: "no id token", request: { id_token: "" } },
  { name: "id token not a jwt", request: { id_token: "x" } },
  { name: "wrong audience", claims: { aud: "x" } },
  { name: "wrong issuer", claims: { iss: "https://gitlab.bot.test" } },
  { name: "id token from the future", claims: { nbf: Math.floor(Date.now() / 1000) + 3600 } },
  { name: "bad signature", bad: { signature: "foreign-key" } },
  { name: "unknown kid", bad: { signature: "unknown-kid" } },
  { name: "alg none", claims: { exp: undefined }, bad: { signature: "none" } },
  { name: "claims do not match (repository)", claims: { repository: "acme/other" } },
  { name: "token of another method (gitlab)", request: { token: "gl" } },
  { name: "no sub", claims: { sub: undefined } },
  { name: "no public ssh key", request: { public_ssh_key: undefined } },
  { name: "garbage public ssh key", request: { public_ssh_key: "eHl6" } },
  { name: "no public tls key", request: { public_tls_key: undefined } },
  { name: "garbage public tls key", request: { public_tls_key: "eHl6" } },
];

async function answerOf({ request = {}, claims = {}, bad }: JoinCase): Promise<RawHttpAnswer> {
  const idToken = await signIdToken(emulator, claims, bad);
  return rawJoin(targetOf(emulator), rawJoinRequest(rawKey(), { id_token: idToken, ...request }));
}

const headers = { "Content-Type": "application/json" };

describe("POST host/credentials as 14.2.0 answers it (measured-14.2.0.md section 4)", () => {
  it.each(cases)("$name", async (testCase) => {
    expectRecorded(await answerOf(testCase), testCase.name);
  });

  it("expired id token", async () => {
    const exp = Math.floor(Date.now() / 1000) - 3600;
    const answer = await answerOf({ name: "", claims: { exp } });
    const time = new Date(exp * 1000).toISOString().slice(0, 19).replace("T", " ");
    expect(answer.status).toBe(recorded(recordedJoins, "expired id token").status);
    expect(JSON.parse(answer.body)).toEqual({
      error: { message: `oidc: token is expired (Token Expiry: ${time} +0000 UTC)` },
    });
  });

  it("minimal keys", async () => {
    const { public_ssh_key } = rawJoinRequest(rawKey(), {});
    const body = { role: "Bot", token: "ghcom", public_ssh_key, id_token: await signIdToken(emulator) };
    expectRecorded(await rawJoin(targetOf(emulator), body), "minimal keys");
  });

  it("body is not JSON", async () => {
    const path = "/v1/webapi/host/credentials";
    expectRecorded(
      await rawHttp(targetOf(emulator), "POST", path, { headers, body: "{" }),
      "body is not JSON",
    );
  });

  it("content type text/plain", async () => {
    const options = { headers: { "Content-Type": "text/plain" }, body: "{}" };
    const answer = await rawHttp(targetOf(emulator), "POST", "/v1/webapi/host/credentials", options);
    expectRecorded(answer, "content type text/plain");
  });

  it.each([
    ["GET", "/v1/webapi/host/credentials"],
    ["unknown path", "/v1/webapi/nope"],
    ["GET /webapi/connectionupgrade", "/webapi/connectionupgrade"],
    ["GET /webapi/connectionupgrade", "/v1/webapi/connectionupgrade"],
  ])("%s at %s", async (name, path) => {
    expectRecorded(await rawHttp(targetOf(emulator), "GET", path), name);
  });

  it("webapi path without v1", async () => {
    const body = JSON.stringify(rawJoinRequest(rawKey(), { id_token: await signIdToken(emulator) }));
    const answer = await rawHttp(targetOf(emulator), "POST", "/webapi/host/credentials", { headers, body });
    expectRecorded(answer, "webapi path without v1");
  });

  it("token of method kubernetes", async () => {
    // As recorded: the JWKS holds the key that signed the GitHub token, and the audience is another.
    const document = {
      kind: "token",
      version: "v2",
      metadata: { name: "k8s" },
      spec: {
        roles: ["Bot"],
        bot_name: "robot",
        join_method: "kubernetes",
        kubernetes: {
          type: "static_jwks",
          static_jwks: { jwks: await emulator.issuer(githubIssuer).jwks() },
          allow: [{ service_account: "ci:deployer" }],
        },
      },
    };
    emulator.addResources(parseResources(JSON.stringify(document), "k8s.json"));
    const answer = await answerOf({ name: "", request: { token: "k8s" } });
    expectRecorded(answer, "token of method kubernetes");
  });

  it("issuer not reachable", async () => {
    emulator.issuer(githubIssuer).setReachable(false);
    const answer = await answerOf({ name: "" });
    emulator.issuer(githubIssuer).setReachable(true);
    expect(answer.status).toBe(500);
    expect(answer.body).toContain(`Get \\"${githubIssuer}/.well-known/openid-configuration\\": `);
  });

  it("a body of 10 MiB", async () => {
    const options = { headers, body: Buffer.alloc(10_485_760, 0x20) };
    const answer = await rawHttp(targetOf(emulator), "POST", "/v1/webapi/host/credentials", options);
    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.body)).toEqual({ error: { message: "the read limit is reached" } });
  });

  it.each(["GET /webapi/ping", "GET /webapi/find"])("%s", async (name) => {
    for (const prefix of ["", "/v1"]) {
      const answer = await rawHttp(targetOf(emulator), "GET", prefix + name.slice("GET ".length));
      const wanted = recorded(recordedJoins, name);
      const body = (wanted.body ?? "")
        .replaceAll("proxy.bot.test:3443", emulator.proxyAddress)
        .replaceAll("127.0.0.1:3080", emulator.proxyAddress.replace("localhost", "127.0.0.1"));
      expect(answer.body).toBe(body);
      const { "content-length": length, date, ...rest } = answer.headers;
      expect({ ...rest, "content-length": wanted.headers["content-length"] }).toEqual(wanted.headers);
    }
  });
});

describe("lifetimes that a join gives (measured-14.2.0.md section 4)", () => {
  it.each([
    ["no expires", undefined, hour],
    ["10 minutes", hour / 6, hour / 6],
    ["100 days", 2400 * hour, 12 * hour],
  ])("%s", async (_what, askedMs, givenMs) => {
    const request = askedMs === undefined ? {} : { expires: inFuture(askedMs) };
    const { tls } = JSON.parse((await answerOf({ name: "", request })).body) as { tls: string };
    const certificate = new X509Certificate(Buffer.from(tls, "base64"));
    const left = Date.parse(certificate.validTo) - Date.now();
    expect(Math.abs(left - givenMs)).toBeLessThan(10_000);
  });
});
