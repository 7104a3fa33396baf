import {
  findJoinMethod,
  type JoinMethod,
  type MatchTrace,
  matchToken,
  ResourceError,
  type TokenResource,
} from "@bot-join/resources";
import type { ClusterContext, ExpectedIdToken } from "../context.ts";
import { versionOf } from "../profiles/version-profile.ts";
import { Refusal } from "../refusal.ts";

/** What is learnt while a proof is looked at; filled as far as it got, also when it is refused. */
export interface Proof {
  claims?: Record<string, unknown>;
  trace?: MatchTrace;
}

/**
 * Checks the proof that the token's join method asks for of transport A (join.md section 7.3). Method `token` asks for none:
 * who knows the token's name holds the secret, and an ID token that comes along is ignored.
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
  await checkIdToken(context, token, idToken, proof);
}

/** Checks an ID token against the join method's rules and the token's (join.md section 7.3). */
export async function checkIdToken(
  context: ClusterContext,
  token: TokenResource,
  idToken: string,
  proof: Proof,
): Promise<void> {
  const { profile } = context;
  const { joinMethod } = token;
  const method = findJoinMethod(joinMethod);
  if (joinMethod === "ec2" || method === undefined) {
    throw new Refusal("bad-parameter", `unsupported join method "${joinMethod}" for bot`);
  }
  if (idToken === "") {
    throw new Refusal(profile.missingIdToken.class, profile.missingIdToken.text(joinMethod));
  }
  proof.claims = await context.verifyIdToken(idToken, expectations(context, method, token));
  proof.trace = matchClaims(token, proof.claims, profile.serverVersion);
  if (proof.trace.matched) return;
  const { refusal } = proof.trace;
  throw refusal === undefined
    ? new Refusal("access-denied", method.noMatch(versionOf(profile)))
    : new Refusal(refusal.class, refusal.message);
}

function expectations(context: ClusterContext, method: JoinMethod, token: TokenResource): ExpectedIdToken {
  const audience = method.expectedAudience(token, context.name);
  if (audience === undefined) {
    // Only Kubernetes tokens of type in_cluster: the emulator runs in no Kubernetes cluster that it could ask.
    throw new Refusal(
      "untyped",
      "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
    );
  }
  const staticKeys = method.staticJwks?.(token);
  return {
    issuer: method.expectedIssuer(token) ?? "",
    audience,
    joinMethod: method.name,
    profile: context.profile,
    ...(staticKeys !== undefined && { staticKeys }),
  };
}

function matchClaims(
  token: TokenResource,
  claims: Record<string, unknown>,
  serverVersion: string,
): MatchTrace {
  try {
    return matchToken(token, claims, { serverVersion });
  } catch (error) {
    if (!(error instanceof ResourceError) || error.code !== "ERR_RESOURCE_CLAIM_TYPE") throw error;
    const { claim, found, wanted } = error.details;
    throw new Refusal(
      "untyped",
      `json: cannot unmarshal ${goTypes[String(found)] ?? found} into Go struct field IDTokenClaims.${claim} of type ${goTypes[String(wanted)] ?? wanted}`,
    );
  }
}

/** How Go's JSON decoder calls what it finds and what it wants. */
const goTypes: Readonly<Record<string, string>> = {
  "a number": "number",
  "a boolean": "bool",
  "a string": "string",
  "a list": "array",
  "an object": "object",
  text: "string",
  "a list of texts": "[]string",
  "a whole number": "int",
  "true or false": "bool",
};
