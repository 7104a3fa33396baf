import type { RoleConditions, RoleResource, ValueLists } from "./model.ts";
import { rolePattern } from "./role-pattern.ts";

/** A condition of roles on the labels of what they give access to. */
export type LabelCondition = keyof {
  [Key in keyof RoleConditions as RoleConditions[Key] extends ValueLists ? Key : never]: true;
};

/**
 * Decides whether roles give access to something with these labels: no role denies it and one allows it. A condition
 * holds when each of its keys does; without keys it holds for nothing, and `*: "*"` for everything.
 */
export function rolesAllowLabels(
  roles: readonly RoleResource[],
  condition: LabelCondition,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (roles.some(({ deny }) => labelsMatch(deny[condition], labels))) return false;
  return roles.some(({ allow }) => labelsMatch(allow[condition], labels));
}

function labelsMatch(wanted: Readonly<ValueLists>, labels: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(wanted);
  return (
    entries.length > 0 &&
    entries.every(([key, values]) => {
      if (key === "*" && values.includes("*")) return true;
      const label = Object.hasOwn(labels, key) ? labels[key] : undefined;
      return label !== undefined && values.some((value) => rolePattern(value)(label));
    })
  );
}
