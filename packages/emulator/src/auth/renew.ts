import type { KeyObject } from "node:crypto";
import { publicKeyPem } from "../authority/public-key-pem.ts";
import type { UserCaller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { botInstanceTarget, userTarget } from "../state/lock.ts";

const botLabel = "teleport.internal/bot";

/** A renewal that is allowed and not yet recorded. */
export interface Renewal {
  /** The generation of the next certificate. */
  generation: number;
  /** Records it, once the certificate is made. */
  record(key: KeyObject, certificateEnd: Date): void;
}

/**
 * Checks the generation of a renewable certificate that is to be renewed (join.md section 8.4, profiles.md). One of
 * another generation than the last may have been stolen: a lock is made and the renewal refused.
 */
export function checkRenewal(context: ClusterContext, caller: UserCaller): Renewal {
  const { state, profile } = context;
  const botName = state.users.get(caller.username)?.user.labels[botLabel] ?? "";
  const instanceId = caller.botInstanceId ?? "";
  const instance = profile.botInstances ? state.botInstances.get(botName, instanceId) : undefined;
  const stored = profile.botInstances
    ? instance && (instance.latestAuthentications.at(-1)?.generation ?? 0)
    : state.users.get(caller.username)?.generation;
  const presented = caller.generation ?? 0;
  if (instance !== undefined && presented === 0) {
    throw new Refusal("access-denied", "a current identity generation must be provided");
  }
  if (stored !== presented) {
    lock(context, caller, instanceId);
    const text = profile.generationMismatch.text({ botName, instanceId, stored, presented });
    throw new Refusal("access-denied", text);
  }
  const generation = presented + 1;
  return {
    generation,
    record: (key, certificateEnd) => {
      if (instance === undefined) {
        state.setGeneration(caller.username, generation);
        return;
      }
      const authentication = {
        authenticatedAt: context.clock.now(),
        joinMethod: "token",
        joinToken: "",
        generation,
        publicKey: publicKeyPem(key),
      };
      state.botInstances.authenticate(instance, authentication, certificateEnd);
    },
  };
}

function lock({ state, profile, emit }: ClusterContext, caller: UserCaller, instanceId: string): void {
  const target =
    profile.generationMismatch.lock === "user" ? userTarget(caller.username) : botInstanceTarget(instanceId);
  const message = `The bot user "${caller.username}" has been locked due to a certificate generation mismatch, possibly indicating a stolen certificate.`;
  state.addLock({ target, message });
  emit({ type: "lock", target, message });
}
