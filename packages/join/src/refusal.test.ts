import { describe, expect, test } from "vitest";
import { joinRefusal } from "./refusal.ts";
import { recordedJoins } from "./testing/recorded.ts";

function refuse(status: number, text: string, retryAfterMs?: number) {
  return joinRefusal({
    status,
    answer: `HTTP ${status}`,
    text,
    where: "The cluster at p:443",
    tokenName: '"ghcom"',
    retryAfterMs,
  });
}

describe("joinRefusal", () => {
  /** What a real 14.2.0 cluster answered (measured-14.2.0.md section 4), by the case's name. */
  const recorded: Readonly<Record<string, [code: string, kind: string, hint: string]>> = {
    "unknown token": ["ERR_JOIN_TOKEN_NOT_FOUND", "denied", "tctl tokens ls"],
    "empty token": ["ERR_JOIN_REFUSED", "denied", "log"],
    "role node": ["ERR_JOIN_REFUSED", "denied", "log"],
    "role bot lower case": ["ERR_JOIN_REFUSED", "denied", "log"],
    "role unknown": ["ERR_JOIN_REFUSED", "denied", "log"],
    "no id token": ["ERR_JOIN_METHOD_WRONG", "user", "join-method"],
    "id token not a jwt": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "unchanged"],
    "wrong audience": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "input audience"],
    "wrong issuer": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "another platform"],
    "expired id token": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "clocks"],
    "id token from the future": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "clock"],
    "bad signature": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "unchanged"],
    "unknown kid": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "unchanged"],
    "alg none": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "clocks"],
    "claims do not match (repository)": ["ERR_JOIN_CLAIMS_NOT_ALLOWED", "denied", "allow rule"],
    "token of another method (gitlab)": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "join_method"],
    "token of method kubernetes": ["ERR_JOIN_ID_TOKEN_REFUSED", "denied", "input audience"],
    "no public ssh key": ["ERR_JOIN_CLUSTER_FAILED", "cluster", "log"],
    "garbage public ssh key": ["ERR_JOIN_CLUSTER_FAILED", "cluster", "log"],
    "body is not JSON": ["ERR_JOIN_REFUSED", "denied", "log"],
    "content type text/plain": ["ERR_JOIN_REFUSED", "denied", "log"],
    "GET /webapi/connectionupgrade": ["ERR_JOIN_REFUSED", "denied", "log"],
  };

  test("every recorded refusal has its row", () => {
    const refusals = Object.entries(recordedJoins).filter(
      ([, { contentType }]) => contentType === "application/json",
    );
    expect(refusals.map(([name]) => name).filter((name) => name !== "ok")).toEqual(Object.keys(recorded));
  });

  test.each(Object.entries(recorded))("recorded: %s", (name, [code, kind, hint]) => {
    const { status, body } = recordedJoins[name] ?? { status: 0, body: "{}" };
    const { message } = (JSON.parse(body) as { error: { message: string } }).error;
    expect(refuse(status, message)).toMatchObject({
      code,
      kind,
      retryable: false,
      hint: expect.stringContaining(hint),
      details: { status, serverMessage: message.replace(/\s+/g, " ") },
    });
  });

  /** The texts of join.md section 7.4 that were not recorded, other versions' among them. */
  test.each<[number, string, string, string]>([
    [403, "token expired or not found", "ERR_JOIN_TOKEN_NOT_FOUND", "misspelt"],
    [
      403,
      '"" can not join the cluster with role "Bot", the token is not valid',
      "ERR_JOIN_TOKEN_NOT_FOUND",
      "misspelt",
    ],
    [
      400,
      'node "" [] can not join the cluster, the token does not allow "Bot" role',
      "ERR_JOIN_REFUSED",
      "roles: [Bot]",
    ],
    [400, "can not join the cluster, the token does not allow role Bot", "ERR_JOIN_REFUSED", "roles: [Bot]"],
    [
      403,
      "this token is only valid for the iam join method but the node has connected to the wrong endpoint",
      "ERR_JOIN_METHOD_WRONG",
      "another join_method",
    ],
    [400, "IDToken not provided for gitlab join request", "ERR_JOIN_METHOD_WRONG", "wants an ID token"],
    [400, 'IDToken not provided for "circleci" join request', "ERR_JOIN_METHOD_WRONG", "wants an ID token"],
    [400, "id_token not provided for spacelift join request", "ERR_JOIN_METHOD_WRONG", "wants an ID token"],
    [400, "IDToken not provided for Kubernetes join request", "ERR_JOIN_METHOD_WRONG", "wants an ID token"],
    [400, "IDToken not provided for GCP join request", "ERR_JOIN_METHOD_WRONG", "wants an ID token"],
    [403, "IDToken is required", "ERR_JOIN_METHOD_WRONG", "wants an ID token"],
    [
      400,
      "client requested join method github, provision token only supports method gitlab",
      "ERR_JOIN_METHOD_WRONG",
      "another join_method",
    ],
    [400, 'unsupported join method "ec2" for bot', "ERR_JOIN_METHOD_WRONG", "another join_method"],
    [403, "this token does not support the IAM join method", "ERR_JOIN_METHOD_WRONG", "another join_method"],
    [403, "kubernetes token did not match any allow rules", "ERR_JOIN_CLAIMS_NOT_ALLOWED", "No allow rule"],
    [403, "instance did not match any allow rules", "ERR_JOIN_CLAIMS_NOT_ALLOWED", "No allow rule"],
    [
      500,
      "verifying OIDC token\n\tvalidating with oidc\n\t\taudience is not valid: Audience must contain client_id",
      "ERR_JOIN_ID_TOKEN_REFUSED",
      "input audience",
    ],
    [
      500,
      "issuer does not match: Expected: https://a, got: https://b",
      "ERR_JOIN_ID_TOKEN_REFUSED",
      "another platform",
    ],
    [500, "token has expired: expiration is 2026", "ERR_JOIN_ID_TOKEN_REFUSED", "clocks"],
    [500, "issuedAt of token is in the future", "ERR_JOIN_ID_TOKEN_REFUSED", "clock is behind"],
    [500, "invalid signature", "ERR_JOIN_ID_TOKEN_REFUSED", "unchanged"],
    [500, "parsing of request failed: illegal base64", "ERR_JOIN_ID_TOKEN_REFUSED", "unchanged"],
    [
      500,
      "validating with jwks\n\tsquare/go-jose/jwt: validation failed, invalid issuer claim (iss)",
      "ERR_JOIN_ID_TOKEN_REFUSED",
      "another platform",
    ],
    [
      500,
      "reviewing kubernetes token with static_jwks\n\tsquare/go-jose: error in cryptographic primitive",
      "ERR_JOIN_ID_TOKEN_REFUSED",
      "unchanged",
    ],
    [
      500,
      "reviewing kubernetes token with static_jwks\n\tsquare/go-jose/jwt: validation failed, token not valid yet (nbf)",
      "ERR_JOIN_ID_TOKEN_REFUSED",
      "clock is behind",
    ],
    [
      500,
      'Get "https://gitlab.bot.test/.well-known/openid-configuration": dial tcp: lookup gitlab.bot.test: no such host',
      "ERR_JOIN_CLUSTER_FAILED",
      "OIDC issuer",
    ],
    [
      500,
      'failed to verify signature: oidc: fetching keys Get "https://ghe.test/jwks": context deadline exceeded',
      "ERR_JOIN_CLUSTER_FAILED",
      "OIDC issuer",
    ],
    [403, "access denied", "ERR_JOIN_BOT_MISSING", "bot_name"],
    [403, "access denied to perform action", "ERR_JOIN_REFUSED", "log"],
    [404, "role bot-robot is not found", "ERR_JOIN_BOT_MISSING", "own role"],
    [404, 'role "bot-robot" is not found', "ERR_JOIN_BOT_MISSING", "own role"],
    [403, 'lock targeting User:"bot-robot" is in force: stolen', "ERR_JOIN_REFUSED", "tctl get locks"],
    [
      400,
      'user "bot-x" has already been issued a renewable certificate and cannot be issued another',
      "ERR_JOIN_REFUSED",
      "delegated method",
    ],
    [500, "only RSA keys supported", "ERR_JOIN_KEY_TYPE_REFUSED", "fips"],
    [500, "unsupported public key type *ecdsa.PublicKey", "ERR_JOIN_KEY_TYPE_REFUSED", "fips"],
    [412, "Database comparison failed, try the request again", "ERR_JOIN_REFUSED", "log"],
  ])("%i %j", (status, text, code, hint) => {
    expect(refuse(status, text)).toMatchObject({
      code,
      retryable: false,
      hint: expect.stringContaining(hint),
    });
  });

  test.each([
    [429, "max rate reached: retry-in 0s", "ERR_JOIN_RATE_LIMITED", true],
    [502, "", "ERR_JOIN_CLUSTER_FAILED", true],
    [503, "", "ERR_JOIN_CLUSTER_FAILED", true],
    [504, "connection error: desc = transport", "ERR_JOIN_CLUSTER_FAILED", true],
    [500, "boom", "ERR_JOIN_CLUSTER_FAILED", false],
    [501, "not implemented", "ERR_JOIN_CLUSTER_FAILED", false],
    [429, "token expired or not found", "ERR_JOIN_TOKEN_NOT_FOUND", false],
  ])("%i %j may pass: %s", (status, text, code, retryable) => {
    expect(refuse(status, text, 3000)).toMatchObject({ code, retryable });
    expect(refuse(status, text, 3000).details["retryAfterMs"]).toBe(retryable ? 3000 : undefined);
    expect(refuse(status, text).details).not.toHaveProperty("retryAfterMs");
  });

  test("the message says what was tried, against what, and what came back, on one line of sane length", () => {
    expect(refuse(403, " token\n\texpired or not found ").message).toBe(
      'The cluster at p:443 refused to let this job join with the token "ghcom": token expired or not found (HTTP 403).',
    );
    expect(refuse(403, "").message).toContain(": no reason given (HTTP 403)");
    expect(refuse(403, "x".repeat(10_000)).message.length).toBeLessThan(700);
  });
});
