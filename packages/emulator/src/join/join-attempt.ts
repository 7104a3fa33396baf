import { safeTokenName, type TokenResource } from "@bot-join/resources";
import type { ClusterContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import type { Proof } from "./prove.ts";

/** What is known of an attempt to join, as far as it got. */
export interface JoinAttempt {
  /** As the client gave it: a name, or the secret of a token that is gone. */
  tokenName?: string;
  token?: TokenResource;
  proof: Proof;
}

/** Tells the emulator's owner how an attempt ended; with a refusal, why. */
export function reportAttempt(context: ClusterContext, attempt: JoinAttempt, refusal?: Refusal): void {
  const { token, tokenName = "", proof } = attempt;
  // A name that no token has may be the secret of one that is gone.
  const joinMethod = token?.joinMethod ?? "token";
  context.emit({
    type: "join",
    outcome: refusal === undefined ? "accepted" : "refused",
    token: safeTokenName({ name: tokenName, joinMethod }),
    method: joinMethod,
    ...(token?.botName !== undefined && { bot: token.botName }),
    ...(refusal !== undefined && { message: refusal.message }),
    ...proof,
  });
}
