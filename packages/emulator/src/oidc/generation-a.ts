import type { ExpectedIdToken } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { discoverProvider, type FetchDocument, verifySignature } from "./discovery.ts";
import { audiencesOf, decodeJwt, goTime, timeClaim } from "./jwt.ts";

/** How far `nbf` may lie ahead, in seconds. */
const notBeforeLeewaySeconds = 120;

const allowedAlgorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"];

const malformedTexts = {
  segments: "oidc: malformed jwt: square/go-jose: compact JWS format must have three parts",
  payload: "oidc: malformed jwt: illegal base64 data or invalid JSON in the payload",
  header: "oidc: malformed jwt: illegal base64 data or invalid JSON in the header",
} as const;

/** Verifies an ID token as Teleport 14 does (id-tokens.md section 1.2): issuer, audience, expiry, signature, nbf (but for CircleCI). */
export async function verifyGenerationA(
  token: string,
  expected: ExpectedIdToken,
  deps: { fetch: FetchDocument; now: Date },
): Promise<Record<string, unknown>> {
  const refuse = (text: string): Refusal => new Refusal("untyped", text);
  const provider = await discoverProvider(deps.fetch, expected.issuer);
  const decoded = decodeJwt(token);
  if (typeof decoded === "string") throw refuse(malformedTexts[decoded]);
  const { claims, header } = decoded;
  if (claims["iss"] !== expected.issuer) {
    throw refuse(
      `oidc: id token issued by a different provider, expected "${expected.issuer}" got "${claims["iss"] ?? ""}"`,
    );
  }
  const audiences = audiencesOf(claims);
  if (!audiences.includes(expected.audience)) {
    const got = audiences.map((audience) => `"${audience}"`).join(" ");
    throw refuse(`oidc: expected audience "${expected.audience}" got [${got}]`);
  }
  const nowSeconds = deps.now.getTime() / 1000;
  const expiry = timeClaim(claims, "exp");
  if (expiry === undefined || expiry < nowSeconds) {
    throw refuse(`oidc: token is expired (Token Expiry: ${goTime(expiry)})`);
  }
  const algorithms = provider.algorithms.filter((algorithm) => allowedAlgorithms.includes(algorithm));
  if (!algorithms.includes(String(header.alg))) {
    const list = algorithms.map((algorithm) => `"${algorithm}"`).join(" ");
    throw refuse(`oidc: id token signed with unsupported algorithm, expected [${list}] got "${header.alg}"`);
  }
  try {
    await verifySignature(
      token,
      header.kid === undefined ? undefined : String(header.kid),
      algorithms,
      provider,
    );
  } catch {
    throw refuse("failed to verify signature: failed to verify id token signature");
  }
  const notBefore = timeClaim(claims, "nbf");
  if (expected.joinMethod === "circleci") return claims;
  if (notBefore !== undefined && nowSeconds + notBeforeLeewaySeconds < notBefore) {
    throw new Refusal("access-denied", "token not before in future");
  }
  return claims;
}
