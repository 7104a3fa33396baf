import { type BotIdentity, JoinError, type KeyType, register } from "@bot-join/join";
import { TransportError } from "@bot-join/transport";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";
import type { DataDirectory } from "./data-directory.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { createMaskedKeyPair } from "./masked-key-pair.ts";
import type { AdmissionProof } from "./proof.ts";
import { retrying } from "./retrying.ts";

/** Joins the cluster. `meanwhile` starts once the request is on its way. A refusal is explained by what this job knows. */
export async function joinCluster(
  run: Run,
  connections: Connections,
  proof: AdmissionProof,
  data: DataDirectory,
  keyType: KeyType,
  meanwhile: () => unknown,
): Promise<BotIdentity> {
  const { plan, context, signal } = run;
  const keyPair = await createMaskedKeyPair(run, keyType);
  const options = {
    method: plan.joinMethod,
    token: proof.token,
    idToken: proof.idToken?.token,
    keyPair,
    expires: new Date(context.clock.now().getTime() + plan.certificateTtlMs),
    caPins: plan.caPins,
    signal,
    logger: context.runner.log,
  };
  // A secret token is used up by the join that succeeds, even when its answer is lost or a gateway's answer came
  // instead of it: it is sent again only when it was not sent, or turned away for the rate (join.md section 15).
  const isSafe = (error: unknown): boolean => {
    if (plan.joinMethod.proof !== "secret") return true;
    if (error instanceof TransportError) return !error.requestSent;
    return error instanceof JoinError && error.code === "ERR_JOIN_RATE_LIMITED";
  };
  try {
    const join = async (): Promise<BotIdentity> => {
      const web = await connections.takeWeb();
      const answer = register(connections.dialer, web, options);
      meanwhile();
      return answer;
    };
    return await retrying(run, "Joining", join, isSafe);
  } catch (error) {
    throw await explainRefusal(error, run, proof, data);
  }
}
