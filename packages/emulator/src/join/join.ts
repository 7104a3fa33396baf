import { safeTokenName, type TokenResource } from "@bot-join/resources";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { issueBotCertificates, type JoinAnswer } from "./bot-certificates.ts";
import { checkFields } from "./check-fields.ts";
import { checkToken } from "./common-checks.ts";
import { decodeJoinRequest, type JoinRequest } from "./decode-request.ts";
import { checkProof, type Proof } from "./prove.ts";

/**
 * Answers one join, transport A of join.md. Throws a Refusal with the server's class and text; either way an event
 * tells what happened and why.
 */
export async function handleJoin(
  context: ClusterContext,
  body: unknown,
  remoteAddress: string,
): Promise<JoinAnswer> {
  const attempt: { request?: JoinRequest; token?: TokenResource; proof: Proof } = { proof: {} };
  try {
    const request = decodeJoinRequest(body);
    attempt.request = request;
    checkFields(request);
    const stored = context.state.tokens.get(request.token);
    if (stored !== undefined) attempt.token = stored;
    const token = await checkTokenAndProof(context, request, stored, attempt.proof);
    if (request.role !== "Bot") {
      // No server says this: the emulator certifies bots only.
      throw new Refusal("not-implemented", `the emulator does not let anybody join as ${request.role}`);
    }
    // While the proof was looked at, the token may have been used up or removed.
    checkToken(context, request, context.state.tokens.get(token.name));
    const claims = attempt.proof.claims ?? {};
    const answer = issueBotCertificates(context, request, token, claims, remoteAddress);
    report(context, attempt, undefined);
    return answer;
  } catch (error) {
    if (error instanceof Refusal) report(context, attempt, error);
    throw error;
  }
}

async function checkTokenAndProof(
  context: ClusterContext,
  request: JoinRequest,
  token: TokenResource | undefined,
  proof: Proof,
): Promise<TokenResource> {
  if (context.profile.joinOrder === "proof-first") {
    if (token !== undefined) await checkProof(context, token, request.idToken, proof);
    checkToken(context, request, token);
    return token;
  }
  checkToken(context, request, token);
  await checkProof(context, token, request.idToken, proof);
  return token;
}

function report(
  context: ClusterContext,
  attempt: { request?: JoinRequest; token?: TokenResource; proof: Proof },
  refusal: Refusal | undefined,
): void {
  const { token, proof } = attempt;
  // A name that no token has may be the secret of one that is gone.
  const joinMethod = token?.joinMethod ?? "token";
  context.emit({
    type: "join",
    outcome: refusal === undefined ? "accepted" : "refused",
    token: safeTokenName({ name: attempt.request?.token ?? "", joinMethod }),
    method: joinMethod,
    ...(token?.botName !== undefined && { bot: token.botName }),
    ...(refusal !== undefined && { message: refusal.message }),
    ...proof,
  });
}
