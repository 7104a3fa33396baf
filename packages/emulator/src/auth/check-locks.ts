import { Refusal } from "../refusal.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { botInstanceTarget, type Lock, roleTarget, userTarget } from "../state/lock.ts";

/** Finds the lock that keeps a user, its roles or its bot instance from using the cluster. */
export function findLock(
  state: ClusterState,
  username: string,
  roles: readonly string[],
  botInstanceId?: string,
): Lock | undefined {
  return state.findLock([
    userTarget(username),
    ...roles.map(roleTarget),
    ...(botInstanceId === undefined ? [] : [botInstanceTarget(botInstanceId)]),
  ]);
}

/** Refuses to issue certificates to whom a lock stops (user-certs.md section 7). */
export function checkLocks(
  state: ClusterState,
  username: string,
  roles: readonly string[],
  botInstanceId?: string,
): void {
  const lock = findLock(state, username, roles, botInstanceId);
  if (lock === undefined) return;
  const message = lock.message === "" ? "" : `: ${lock.message}`;
  throw new Refusal("access-denied", `lock targeting ${lock.target} is in force${message}`);
}
