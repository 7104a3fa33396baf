import { flattenedVerify, importJWK, type JWK } from "jose";
import type { ExpectedIdToken } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { contextLines } from "./context-lines.ts";
import { audiencesOf, decodeJwt, timeClaim } from "./jwt.ts";

/** How far clocks may differ, in seconds. */
const leewaySeconds = 10;

const allowedAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
];

/** What a method writes around a failure, and how it calls the check of the claims. */
interface StaticKeysTexts {
  readonly context?: string;
  readonly claims: string;
}

const texts: Readonly<Record<string, StaticKeysTexts>> = {
  kubernetes: { context: "reviewing kubernetes token with static_jwks", claims: "validating jwt claims" },
  github: { context: "validating with jwks", claims: "validating standard claims" },
};
const ordinaryTexts: StaticKeysTexts = { claims: "validating standard claims" };

/**
 * Verifies an ID token by a JWKS that the provision token holds (id-tokens.md section 1.4): signature, audience and
 * times. The issuer is not looked at: the key alone decides.
 */
export async function verifyByStaticKeys(
  token: string,
  expected: ExpectedIdToken & { staticKeys: string },
  now: Date,
): Promise<Record<string, unknown>> {
  const { context, claims: claimsStep } = texts[expected.joinMethod] ?? ordinaryTexts;
  const jose = expected.profile.joseName;
  const refuse = (step: string, text: string): Refusal =>
    new Refusal("untyped", contextLines(context, step, text));

  const keys = readKeys(expected.staticKeys);
  if (keys === undefined)
    throw refuse("parsing provided jwks", "invalid character looking for beginning of value");
  const decoded = decodeJwt(token);
  if (typeof decoded === "string") {
    throw refuse("parsing jwt", `${jose}: compact JWS format must have three parts`);
  }
  const { header, claims } = decoded;
  const jwk = keys.find(({ kid }) => kid === header.kid);
  if (jwk === undefined) {
    throw refuse("validating jwt signature", `${jose}: JWK with matching kid not found in JWK Set`);
  }
  const [head = "", payload = "", signature = ""] = token.split(".");
  try {
    const key = await importJWK(jwk, String(header.alg));
    await flattenedVerify({ protected: head, payload, signature }, key, { algorithms: allowedAlgorithms });
  } catch {
    throw refuse("validating jwt signature", `${jose}: error in cryptographic primitive`);
  }
  const failure = claimFailure(claims, expected.audience, now);
  if (failure !== undefined) throw refuse(claimsStep, `${jose}/jwt: ${failure}`);
  return claims;
}

function readKeys(text: string): JWK[] | undefined {
  try {
    const document: unknown = JSON.parse(text);
    const keys = typeof document === "object" && document !== null && "keys" in document ? document.keys : [];
    return Array.isArray(keys) ? keys : [];
  } catch {
    return undefined;
  }
}

function claimFailure(
  claims: Readonly<Record<string, unknown>>,
  audience: string,
  now: Date,
): string | undefined {
  const nowSeconds = now.getTime() / 1000;
  const [notBefore, expiry, issuedAt] = ["nbf", "exp", "iat"].map((name) => timeClaim(claims, name));
  if (!audiencesOf(claims).includes(audience)) return "validation failed, invalid audience claim (aud)";
  if (notBefore !== undefined && nowSeconds + leewaySeconds < notBefore) {
    return "validation failed, token not valid yet (nbf)";
  }
  if (expiry !== undefined && nowSeconds - leewaySeconds > expiry) {
    return "validation failed, token is expired (exp)";
  }
  if (issuedAt !== undefined && nowSeconds + leewaySeconds < issuedAt) {
    return "validation field, token issued in the future (iat)";
  }
  return undefined;
}
