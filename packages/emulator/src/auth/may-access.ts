import { type LabelCondition, type RemoteClusterResource, rolesAllowLabels } from "@bot-join/resources";
import type { UserCaller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";

/** Decides whether the caller's roles give access to something with these labels. */
export function mayAccess(
  { state }: ClusterContext,
  caller: Pick<UserCaller, "roles">,
  condition: LabelCondition,
  labels: Readonly<Record<string, string>>,
): boolean {
  const roles = caller.roles.flatMap((name) => state.roles.get(name) ?? []);
  return rolesAllowLabels(roles, condition, labels);
}

/** Decides whether roles see a leaf cluster; everybody sees one without labels (user-certs.md section 2.8). */
export function mayAccessLeaf(
  context: ClusterContext,
  caller: Pick<UserCaller, "roles">,
  { labels }: RemoteClusterResource,
): boolean {
  return Object.keys(labels).length === 0 || mayAccess(context, caller, "clusterLabels", labels);
}
