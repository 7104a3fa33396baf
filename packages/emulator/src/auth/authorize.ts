import type { RoleResource } from "@bot-join/resources";
import type { Caller, UserCaller } from "../caller.ts";
import { Refusal } from "../refusal.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { findLock } from "./check-locks.ts";

/**
 * Checks before each call that the caller may still use the cluster: its user and roles exist and no lock stops it. The
 * server hides which of these it was (user-certs.md section 7).
 */
export function authorize(state: ClusterState, caller: Caller): void {
  if (caller.kind === "anonymous") return;
  const { username, roles, botInstanceId } = caller;
  const gone = !state.users.has(username) || roles.some((role) => !state.roles.has(role));
  if (gone || findLock(state, username, roles, botInstanceId) !== undefined) {
    throw new Refusal("access-denied", "access denied");
  }
}

/** Gives the caller as a user, or refuses one without a certificate. */
export function requireUser(caller: Caller): UserCaller {
  if (caller.kind === "anonymous") throw new Refusal("access-denied", "access denied");
  return caller;
}

/** Checks that the caller's roles let it do something to a kind of resource; deny rules win. */
export function checkAccess(state: ClusterState, caller: Caller, verb: string, resource: string): void {
  const names = caller.kind === "user" ? caller.roles : [];
  const roles = names.flatMap((name) => state.roles.get(name) ?? []);
  const covers = ({ rules }: RoleResource["allow"]): boolean =>
    rules.some(
      ({ resources, verbs }) =>
        [resource, "*"].some((each) => resources.includes(each)) &&
        [verb, "*"].some((each) => verbs.includes(each)),
    );
  if (roles.some(({ deny }) => covers(deny)) || !roles.some(({ allow }) => covers(allow))) {
    throw new Refusal("access-denied", `access denied to perform action "${verb}" on "${resource}"`);
  }
}
