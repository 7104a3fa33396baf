import {
  findJoinMethod,
  type JoinMethod,
  type MatchTrace,
  matchToken,
  ResourceError,
  type TokenResource,
} from "@bot-join/resources";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";

/** What is learnt while a proof is looked at; filled as far as it got, also when it is refused. */
export interface Proof {
  claims?: Record<string, unknown>;
  trace?: MatchTrace;
}

/**
 * Checks the proof that the token's join method asks for (join.md section 7.3). Method `token` asks for none: who
 * knows the token's name holds the secret, and an ID token that comes along is ignored.
 */
export async function checkProof(
  context: ClusterContext,
  token: TokenResource,
  idToken: string,
  proof: Proof,
): Promise<void> {
  const { profile } = context;
  const { joinMethod } = token;
  if (joinMethod === "token") return;
  if (profile.otherJoinMethods.includes(joinMethod)) {
    throw new Refusal(
      "access-denied",
      `this token is only valid for the ${joinMethod} join method but the node has connected to the wrong endpoint`,
    );
  }
  if (joinMethod === "ec2") throw new Refusal("bad-parameter", 'unsupported join method "ec2" for bot');
  if (idToken === "") {
    throw new Refusal(profile.missingIdToken.class, profile.missingIdToken.text(joinMethod));
  }
  if (token.github !== undefined && token.github.static_jwks !== "") {
    // No server says this: it is the emulator that cannot do it yet.
    throw new Refusal(
      "not-implemented",
      "the emulator does not support static_jwks of the join method github",
    );
  }
  const { issuer, audience } = expectations(findJoinMethod(joinMethod), token, context.name);
  proof.claims = await context.verifyIdToken(idToken, { issuer, audience, profile });
  proof.trace = matchClaims(token, proof.claims);
  if (!proof.trace.matched) {
    throw new Refusal("access-denied", "id token claims did not match any allow rules");
  }
}

function expectations(
  method: JoinMethod | undefined,
  token: TokenResource,
  clusterName: string,
): { issuer: string; audience: string } {
  const issuer = method?.expectedIssuer(token);
  const audience = method?.expectedAudience(token, clusterName);
  if (issuer === undefined || audience === undefined) {
    // No server says this: it is the emulator that cannot do this method yet.
    throw new Refusal(
      "not-implemented",
      `the emulator does not support the join method "${token.joinMethod}"`,
    );
  }
  return { issuer, audience };
}

function matchClaims(token: TokenResource, claims: Record<string, unknown>): MatchTrace {
  try {
    return matchToken(token, claims);
  } catch (error) {
    if (!(error instanceof ResourceError) || error.code !== "ERR_RESOURCE_CLAIM_TYPE") throw error;
    const found = String(error.details["found"]).replace(/^an? /, "").replace("list", "array");
    throw new Refusal(
      "untyped",
      `json: cannot unmarshal ${found} into Go struct field IDTokenClaims.${error.details["claim"]} of type string`,
    );
  }
}
