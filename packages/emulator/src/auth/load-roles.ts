import type { RoleResource } from "@bot-join/resources";
import { Refusal } from "../refusal.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/** Loads roles by name, each once and in this order; a missing one is refused (measured on 14.2.0). */
export function loadRoles(state: ClusterState, names: readonly string[]): RoleResource[] {
  return [...new Set(names)].map((name) => {
    const role = state.roles.get(name);
    if (role === undefined) throw new Refusal("not-found", `role ${name} is not found`);
    return role;
  });
}
