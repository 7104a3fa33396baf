import type { TokenResource } from "@bot-join/resources";
import { readSshKey, readTlsKey } from "../authority/subject-key.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { issueBotCertificates, type JoinAnswer, type SubjectKeys } from "./bot-certificates.ts";
import { checkFields } from "./check-fields.ts";
import { checkToken } from "./common-checks.ts";
import { decodeJoinRequest, type JoinRequest } from "./decode-request.ts";
import { type JoinAttempt, reportAttempt } from "./join-attempt.ts";
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
  const attempt: JoinAttempt = { proof: {} };
  try {
    const request = decodeJoinRequest(body);
    attempt.tokenName = request.token;
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
    const applicant = {
      ...(request.expires !== undefined && { expires: request.expires }),
      readKeys: () => readKeys(context, request),
    };
    const answer = issueBotCertificates(context, applicant, token, claims, remoteAddress);
    reportAttempt(context, attempt);
    return answer;
  } catch (error) {
    if (error instanceof Refusal) reportAttempt(context, attempt, error);
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

function readKeys({ profile }: ClusterContext, request: JoinRequest): SubjectKeys {
  const ssh = readSshKey(request.publicSshKey);
  return { ssh, tls: profile.joinKeys === "each-its-own" ? readTlsKey(request.publicTlsKey) : ssh };
}
