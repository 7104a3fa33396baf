import type { Clock } from "@bot-join/core";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { profiles } from "../profiles/profiles.ts";
import type { Refusal } from "../refusal.ts";
import { type BadToken, OidcIssuer } from "./issuer.ts";
import { createIdTokenVerifier, fetchFromIssuers } from "./verifier.ts";

const now = new Date("2026-11-22T04:31:49.000Z");
const clock: Clock = { now: () => now, sleep: async () => undefined };
const seconds = now.getTime() / 1000;
const url = "https://token.actions.githubusercontent.com";
const audience = "teleport.cluster.local";
const issuer = new OidcIssuer(url, clock);
const verify = createIdTokenVerifier({ fetch: fetchFromIssuers(() => [issuer]), clock });
const good = { aud: audience, sub: "repo:acme/shop:environment:prod", repository: "acme/shop" };

async function outcome(
  version: "14" | "18",
  claims: Record<string, unknown>,
  bad?: BadToken,
  expected = { issuer: url, audience },
): Promise<string> {
  const token = typeof claims["raw"] === "string" ? claims["raw"] : await issuer.sign(claims, bad);
  return verify(token, { ...expected, joinMethod: "github", profile: profiles[version] }).then(
    () => "accepted",
    (error: Refusal) => `${error.class}: ${error.message}`,
  );
}

describe("issuer", () => {
  it("signs what jose verifies with the published documents", async () => {
    const fetch = fetchFromIssuers(() => [issuer]);
    const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks`), {
      [customFetch]: async (address) => new Response((await fetch(String(address))).body),
    });
    const { payload, protectedHeader } = await jwtVerify(await issuer.sign(good), keys, {
      issuer: url,
      audience,
      currentDate: now,
    });
    expect(payload).toMatchObject({ ...good, exp: seconds + 300, iat: seconds, nbf: seconds - 600 });
    expect(protectedHeader).toMatchObject({ alg: "RS256", typ: "JWT" });
  });

  it("keeps earlier keys after a rotation unless they are withdrawn", async () => {
    const rotating = new OidcIssuer(url, clock);
    const judge = createIdTokenVerifier({ fetch: fetchFromIssuers(() => [rotating]), clock });
    const expected = { issuer: url, audience, joinMethod: "github", profile: profiles["14"] };
    const early = await rotating.sign(good);
    await rotating.rotate();
    await expect(judge(early, expected)).resolves.toMatchObject(good);
    await rotating.rotate({ withdraw: true });
    await expect(judge(early, expected)).rejects.toThrow("failed to verify id token signature");
    await expect(judge(await rotating.sign(good), expected)).resolves.toMatchObject(good);
  });
});

describe("generation A, version 14 (measured-14.2.0.md section 4)", () => {
  it.each<[string, Record<string, unknown>, BadToken | undefined, string]>([
    ["a good token", good, undefined, "accepted"],
    ["no sub", { ...good, sub: undefined }, undefined, "accepted"],
    ["a list of audiences", { ...good, aud: ["x", audience] }, undefined, "accepted"],
    [
      "no JWT",
      { raw: "x" },
      undefined,
      "untyped: oidc: malformed jwt: square/go-jose: compact JWS format must have three parts",
    ],
    [
      "a wrong audience",
      { ...good, aud: "x" },
      undefined,
      `untyped: oidc: expected audience "${audience}" got ["x"]`,
    ],
    [
      "a wrong issuer",
      { ...good, iss: "https://gitlab.bot.test" },
      undefined,
      `untyped: oidc: id token issued by a different provider, expected "${url}" got "https://gitlab.bot.test"`,
    ],
    [
      "an expired token",
      { ...good, exp: seconds - 3600 },
      undefined,
      "untyped: oidc: token is expired (Token Expiry: 2026-11-22 03:31:49 +0000 UTC)",
    ],
    [
      "no expiry, unsigned",
      { ...good, exp: undefined },
      { signature: "none" },
      "untyped: oidc: token is expired (Token Expiry: 0001-01-01 00:00:00 +0000 UTC)",
    ],
    ["nbf two minutes ahead", { ...good, nbf: seconds + 120 }, undefined, "accepted"],
    [
      "nbf further ahead",
      { ...good, nbf: seconds + 121 },
      undefined,
      "access-denied: token not before in future",
    ],
    [
      "a foreign key",
      good,
      { signature: "foreign-key" },
      "untyped: failed to verify signature: failed to verify id token signature",
    ],
    [
      "an unknown kid",
      good,
      { signature: "unknown-kid" },
      "untyped: failed to verify signature: failed to verify id token signature",
    ],
    [
      "an unsigned token",
      good,
      { signature: "none" },
      'untyped: oidc: id token signed with unsupported algorithm, expected ["RS256"] got "none"',
    ],
    [
      "the audience before the expiry",
      { ...good, aud: "x", exp: 1 },
      undefined,
      `untyped: oidc: expected audience "${audience}" got ["x"]`,
    ],
  ])("judges %s", async (_what, claims, bad, expected) => {
    expect(await outcome("14", claims, bad)).toBe(expected);
  });

  it("cannot reach an issuer that does not exist", async () => {
    const elsewhere = { issuer: "https://gitlab.bot.test", audience };
    expect(await outcome("14", good, undefined, elsewhere)).toBe(
      'untyped: Get "https://gitlab.bot.test/.well-known/openid-configuration": dial tcp: lookup gitlab.bot.test: no such host',
    );
  });
});

describe("generation B, version 18 (id-tokens.md section 1.3)", () => {
  const context = "untyped: validating with oidc\n\tverifying token\n\t\t";
  it.each<[string, Record<string, unknown>, BadToken | undefined, string]>([
    ["a good token", good, undefined, "accepted"],
    ["no sub", { ...good, sub: "" }, undefined, `${context}subject missing`],
    [
      "no JWT",
      { raw: "x" },
      undefined,
      `${context}parsing of request failed: token contains an invalid number of segments`,
    ],
    ["no JSON", { raw: "x.y.z" }, undefined, `${context}parsing of request failed: malformed jwt payload`],
    [
      "a wrong issuer",
      { ...good, iss: "x" },
      undefined,
      `${context}issuer does not match: Expected: ${url}, got: x`,
    ],
    [
      "a wrong audience",
      { ...good, aud: "x" },
      undefined,
      `${context}audience is not valid: Audience must contain client_id "${audience}"`,
    ],
    [
      "two audiences without azp",
      { ...good, aud: [audience, "x"] },
      undefined,
      `${context}authorized party is not set. If Token is valid for multiple audiences, azp must not be empty`,
    ],
    ["two audiences with azp", { ...good, aud: [audience, "x"], azp: audience }, undefined, "accepted"],
    ["another algorithm", good, { signature: "rs384" }, `${context}signature algorithm not supported`],
    ["an unsigned token", good, { signature: "none" }, `${context}signature algorithm not supported`],
    [
      "a foreign key",
      good,
      { signature: "foreign-key" },
      `${context}invalid signature (signature verification failed)`,
    ],
    ["an unknown kid", good, { signature: "unknown-kid" }, `${context}invalid signature (no key of that id)`],
    ["expiry in a second", { ...good, exp: seconds + 1 }, undefined, `${context}token has expired`],
    ["no iat", { ...good, iat: undefined }, undefined, `${context}issuedAt of token is missing`],
    ["iat a second ahead", { ...good, iat: seconds + 1 }, undefined, "accepted"],
    [
      "iat further ahead",
      { ...good, iat: seconds + 2 },
      undefined,
      `${context}issuedAt of token is in the future (2026-11-22 04:31:51 +0000 UTC)`,
    ],
    ["nbf ahead, not checked", { ...good, nbf: seconds + 999 }, undefined, "accepted"],
    ["a nonce", { ...good, nonce: "n" }, undefined, `${context}nonce does not match: expected "", got "n"`],
  ])("judges %s", async (_what, claims, bad, expected) => {
    expect(await outcome("18", claims, bad)).toBe(expected);
  });

  it("says that discovery failed", async () => {
    const elsewhere = { issuer: "https://gitlab.bot.test", audience };
    expect(await outcome("18", good, undefined, elsewhere)).toContain(
      'discovering oidc document\n\t\tGet "https://gitlab',
    );
  });
});
