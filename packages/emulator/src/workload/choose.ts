import { rolesAllowLabels, type WorkloadIdentityResource } from "@bot-join/resources";
import type { UserCaller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { attributeText, type WorkloadAttributes } from "./attributes.ts";

/** Finds the identity of that name that the caller may have; throws a Refusal, whose texts are our own. */
export function identityByName(
  context: ClusterContext,
  caller: UserCaller,
  attributes: WorkloadAttributes,
  name: string,
): WorkloadIdentityResource {
  if (name === "") throw new Refusal("bad-parameter", "name: is required");
  const identity = context.state.targets.workloadIdentities.get(name);
  if (identity === undefined) {
    throw new Refusal("not-found", `workload_identity ${JSON.stringify(name)} doesn't exist`);
  }
  if (!mayHave(context, caller, identity)) {
    throw new Refusal(
      "access-denied",
      `no role gives access to the workload identity ${JSON.stringify(name)}`,
    );
  }
  if (!rulesHold(identity, attributes)) {
    throw new Refusal(
      "access-denied",
      `no rule of the workload identity ${JSON.stringify(name)} admits this join`,
    );
  }
  return identity;
}

/** Finds every identity with these labels that the caller may have, by name. */
export function identitiesByLabels(
  context: ClusterContext,
  caller: UserCaller,
  attributes: WorkloadAttributes,
  selectors: readonly { key: string; values: readonly string[] }[],
): WorkloadIdentityResource[] {
  if (selectors.length === 0) throw new Refusal("bad-parameter", "label_selectors: at least one is required");
  return [...context.state.targets.workloadIdentities.values()]
    .filter(({ labels }) =>
      selectors.every(({ key, values }) => values.includes("*") || values.includes(labels[key] ?? "")),
    )
    .filter((identity) => mayHave(context, caller, identity) && rulesHold(identity, attributes))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function mayHave(context: ClusterContext, caller: UserCaller, { labels }: WorkloadIdentityResource): boolean {
  const roles = caller.roles.flatMap((name) => context.state.roles.get(name) ?? []);
  return rolesAllowLabels(roles, "workloadIdentityLabels", labels);
}

/** One rule must hold, if there are any: all of its conditions. */
function rulesHold({ allow }: WorkloadIdentityResource, attributes: WorkloadAttributes): boolean {
  if (allow.length === 0) return true;
  return allow.some((conditions) =>
    conditions.every(({ attribute, operator, values }) => {
      const value = attributeText(attributes, attribute);
      const isOneOf = value !== undefined && values.includes(value);
      return operator === "eq" || operator === "in" ? isOneOf : !isOneOf;
    }),
  );
}
