import { JoinError, type KeyType } from "@bot-join/join";
import type { Run } from "./context.ts";

/**
 * Runs the join with the planned kind of key and, when the cluster refuses that kind, once more with
 * RSA-2048: FIPS clusters before 17 accept nothing else, and do not say so before (user-certs.md section 2.4).
 */
export async function withKeyType<T>(
  { plan, context }: Run,
  attempt: (keyType: KeyType) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(plan.keyType);
  } catch (error) {
    const refused = error instanceof JoinError && error.code === "ERR_JOIN_KEY_TYPE_REFUSED";
    // A secret token may be used up by now, so that joining again would only hide what was wrong.
    const canJoinAgain = plan.joinMethod.proof !== "secret";
    if (!refused || plan.keyType === "rsa-2048" || !canJoinAgain) throw error;
    context.runner.log.info(
      "The cluster refused an ECDSA key; trying once more with RSA-2048 (input fips saves this try).",
    );
    return attempt("rsa-2048");
  }
}
