import {
  type BotIdentity,
  isHttpJoinOff,
  JoinError,
  type KeyType,
  type RegisterOptions,
  register,
} from "@bot-join/join";
import { TransportError } from "@bot-join/transport";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";
import type { DataDirectory } from "./data-directory.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { createMaskedKeyPair } from "./masked-key-pair.ts";
import type { AdmissionProof } from "./proof.ts";
import { retrying } from "./retrying.ts";

/**
 * Joins the cluster. `meanwhile` starts once the request is on its way. A refusal is explained by what this job knows.
 *
 * Which way is taken is known before: over HTTP, which every version has and which takes the fewest round trips, but for methods that
 * only `teleport.join.v1` takes. A cluster that has switched HTTP off is asked the other way then (join.md section 5.6).
 */
export async function joinCluster(
  run: Run,
  connections: Connections,
  proof: AdmissionProof,
  data: DataDirectory,
  keyType: KeyType,
  meanwhile: () => unknown,
): Promise<BotIdentity> {
  const { plan, context, signal } = run;
  const options = {
    method: plan.joinMethod,
    token: proof.token,
    idToken: proof.idToken?.token,
    expires: new Date(context.clock.now().getTime() + plan.certificateTtlMs),
    caPins: plan.caPins,
    signal,
  };
  // A secret token is used up by the join that succeeds, even when its answer is lost or a gateway's answer came
  // instead of it: it is sent again only when it was not sent, or turned away for the rate (join.md section 15).
  const isSafe = (error: unknown): boolean => {
    if (plan.joinMethod.proof !== "secret") return true;
    if (error instanceof TransportError) return !error.requestSent;
    return error instanceof JoinError && error.code === "ERR_JOIN_RATE_LIMITED";
  };
  const overService = async (): Promise<BotIdentity> => {
    const { joinOverService } = await import("./join-over-service.ts");
    return joinOverService(run, connections, options, keyType, isSafe, meanwhile);
  };
  try {
    if (plan.joinMethod.joinServiceSince !== undefined) return await overService();
    return await joinOverHttp(run, connections, options, keyType, isSafe, meanwhile).catch((error) => {
      if (!isHttpJoinOff(error)) throw error;
      context.runner.log.info("The cluster does not take joins over HTTP; joining over gRPC.");
      return overService().catch((second) => {
        throw isRefusal(second) ? second : error;
      });
    });
  } catch (error) {
    throw await explainRefusal(error, run, proof, data);
  }
}

async function joinOverHttp(
  run: Run,
  connections: Connections,
  options: Omit<RegisterOptions, "keyPair">,
  keyType: KeyType,
  isSafe: (error: unknown) => boolean,
  meanwhile: () => unknown,
): Promise<BotIdentity> {
  const keyPair = await createMaskedKeyPair(run, keyType);
  const join = async (): Promise<BotIdentity> => {
    const web = await connections.takeWeb();
    const answer = register(connections.dialer, web, { ...options, keyPair });
    meanwhile();
    return answer;
  };
  return retrying(run, "Joining", join, isSafe);
}

/** Whether the join service was there and had its say; otherwise the first error tells more. */
function isRefusal(error: unknown): boolean {
  return error instanceof JoinError && error.code !== "ERR_JOIN_SERVER_TOO_OLD";
}
