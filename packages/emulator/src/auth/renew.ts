import type { UserCaller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { botInstanceTarget, userTarget } from "../state/lock.ts";

const botLabel = "teleport.internal/bot";

/**
 * Counts a renewable certificate up when it is renewed (join.md section 8.4, profiles.md). A certificate of another
 * generation than the last one may have been stolen: a lock is made and the renewal refused.
 */
export function renewGeneration(context: ClusterContext, caller: UserCaller): number {
  const { state, profile } = context;
  const counter = profile.botInstances
    ? state.botInstances.get(caller.botInstanceId ?? "")
    : state.users.get(caller.username);
  const presented = caller.generation ?? 0;
  if (counter !== undefined && counter.generation === presented) {
    counter.generation += 1;
    return counter.generation;
  }
  const instanceId = caller.botInstanceId ?? "";
  lock(context, caller, instanceId);
  throw new Refusal(
    "access-denied",
    profile.generationMismatch.text({
      botName: state.users.get(caller.username)?.user.labels[botLabel] ?? "",
      instanceId,
      stored: counter?.generation,
      presented,
    }),
  );
}

function lock({ state, profile, emit }: ClusterContext, caller: UserCaller, instanceId: string): void {
  const target =
    profile.generationMismatch.lock === "user" ? userTarget(caller.username) : botInstanceTarget(instanceId);
  const message = `The bot user "${caller.username}" has been locked due to a certificate generation mismatch, possibly indicating a stolen certificate.`;
  state.addLock({ target, message });
  emit({ type: "lock", target, message });
}
