import type { ExpectedIdToken } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { contextLines } from "./context-lines.ts";
import { discoverProvider, type FetchDocument, type Provider, verifySignature } from "./discovery.ts";
import { audiencesOf, decodeJwt, goTime, timeClaim } from "./jwt.ts";

/** How far clocks may differ, in seconds. */
const offsetSeconds = 1;

const allowedAlgorithms = ["RS256", "ES256", "PS256"];

const malformedTexts = {
  segments: "parsing of request failed: token contains an invalid number of segments",
  payload: "parsing of request failed: malformed jwt payload",
  header: "parsing of request failed: malformed jwt payload",
} as const;

/** Checks the claims that come before the signature, rows 2 to 6 of id-tokens.md section 1.3; gives the failure. */
function claimFailure(
  claims: Readonly<Record<string, unknown>>,
  expected: ExpectedIdToken,
): string | undefined {
  const text = (name: string): string => (typeof claims[name] === "string" ? claims[name] : "");
  if (text("sub") === "") return "subject missing";
  if (text("iss") !== expected.issuer) {
    return `issuer does not match: Expected: ${expected.issuer}, got: ${text("iss")}`;
  }
  const audiences = audiencesOf(claims);
  if (!audiences.includes(expected.audience)) {
    return `audience is not valid: Audience must contain client_id "${expected.audience}"`;
  }
  const party = text("azp");
  if (audiences.length > 1 && party === "") {
    return "authorized party is not set. If Token is valid for multiple audiences, azp must not be empty";
  }
  if (party !== "" && party !== expected.audience && expected.joinMethod !== "gcp") {
    return `authorized party is not valid: azp "${party}" must be equal to client_id "${expected.audience}"`;
  }
  return undefined;
}

/** Checks the times, rows 8 to 11; gives the failure. */
function timeFailure(claims: Readonly<Record<string, unknown>>, now: Date): string | undefined {
  const nowSeconds = now.getTime() / 1000;
  const expiry = timeClaim(claims, "exp");
  if (expiry === undefined || nowSeconds + offsetSeconds >= expiry) return "token has expired";
  const issuedAt = timeClaim(claims, "iat");
  if (issuedAt === undefined) return "issuedAt of token is missing";
  if (issuedAt > Math.round(nowSeconds + offsetSeconds)) {
    return `issuedAt of token is in the future (${goTime(issuedAt)})`;
  }
  const nonce = claims["nonce"];
  return nonce === undefined || nonce === ""
    ? undefined
    : `nonce does not match: expected "", got "${nonce}"`;
}

async function signatureFailure(
  token: string,
  alg: unknown,
  kid: unknown,
  provider: Provider,
): Promise<string | undefined> {
  const algorithms = provider.algorithms.filter((algorithm) => allowedAlgorithms.includes(algorithm));
  if (!algorithms.includes(String(alg))) return "signature algorithm not supported";
  try {
    await verifySignature(token, kid === undefined ? undefined : String(kid), algorithms, provider);
    return undefined;
  } catch (error) {
    return `invalid signature (${error instanceof Error ? error.message : String(error)})`;
  }
}

/** The line of context that some methods put around every failure (id-tokens.md sections 1.3 and 11). */
const methodContexts: Readonly<Record<string, string>> = {
  github: "validating with oidc",
  gcp: "validating token",
};

/** Verifies an ID token as Teleport 18 does, in the order of id-tokens.md section 1.3. */
export async function verifyGenerationB(
  token: string,
  expected: ExpectedIdToken,
  deps: { fetch: FetchDocument; now: Date },
): Promise<Record<string, unknown>> {
  const outer = methodContexts[expected.joinMethod];
  const refuse = (context: string, text: string): Refusal =>
    new Refusal("untyped", contextLines(outer, context, text));
  const provider = await discoverProvider(deps.fetch, expected.issuer).catch((error: unknown) => {
    throw refuse("discovering oidc document", error instanceof Error ? error.message : String(error));
  });
  const decoded = decodeJwt(token);
  if (typeof decoded === "string") throw refuse("verifying token", malformedTexts[decoded]);
  const { claims, header } = decoded;
  const failure =
    claimFailure(claims, expected) ??
    (await signatureFailure(token, header.alg, header.kid, provider)) ??
    timeFailure(claims, deps.now);
  if (failure !== undefined) throw refuse("verifying token", failure);
  return claims;
}
