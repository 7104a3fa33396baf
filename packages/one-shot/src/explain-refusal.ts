import { JoinError } from "@bot-join/join";
import type { Run } from "./context.ts";
import type { DataDirectory } from "./data-directory.ts";
import type { AdmissionProof } from "./proof.ts";
import { formatTime } from "./report.ts";

/** Says more of a refusal than the cluster does: why this job's claims, or its secret token, did not let it in. */
export async function explainRefusal(
  error: unknown,
  run: Run,
  proof: AdmissionProof,
  data: DataDirectory,
): Promise<unknown> {
  if (!(error instanceof JoinError)) return error;
  const help = await helpFor(error, run, proof, data);
  if (help === undefined) return error;
  return new JoinError({
    code: error.code,
    kind: error.kind,
    message: error.message,
    hint: `${error.hint ?? ""}\n${help}`,
    details: error.details,
    cause: error,
  });
}

async function helpFor(
  { code }: JoinError,
  { plan }: Run,
  { token, idToken }: AdmissionProof,
  data: DataDirectory,
): Promise<string | undefined> {
  if (code === "ERR_JOIN_CLAIMS_NOT_ALLOWED" && idToken !== undefined) {
    const { claimsHelp } = await import("./claims-help.ts");
    return claimsHelp(plan.joinMethod.name, idToken.claims, token.reveal());
  }
  return code === "ERR_JOIN_TOKEN_NOT_FOUND" && plan.joinMethod.proof === "secret"
    ? secretTokenHelp(data)
    : undefined;
}

/** A secret token is gone once somebody has joined with it, and the server tells that from nothing else. */
function secretTokenHelp({ path, expired }: DataDirectory): string {
  const used = "A secret token lets one bot in, once, and is gone then.";
  const renew =
    "Make a new one: `tctl bots instances add BOT` (before Teleport 16 remove the bot and add it again).";
  if (expired !== undefined) {
    return `The identity in ${path} could not be renewed, since it expired at ${formatTime(expired)}. ${used} ${renew} Run more often than the identity lives (input certificate-ttl).`;
  }
  return path === undefined
    ? `${used} ${renew} With --data-dir=DIR the bot keeps the identity that it gets, and its next run renews that.`
    : `${used} There is no identity in ${path} that could be renewed: if an earlier run joined, it kept its identity elsewhere. ${renew}`;
}
