import type { RoleResource } from "./model.ts";
import { rolePattern } from "./role-pattern.ts";

/**
 * Decides whether a caller may ask for certificates with these roles (user-certs.md section 2.5, step 10).
 * Deny conditions come first, and one hit refuses everything. Then one allow condition must cover all
 * requested roles by itself; one that also lists users never does. A `where` predicate is not evaluated here,
 * so an allow condition that has one grants nothing. Asking for no role at all is refused.
 */
export function roleAllowsImpersonation(callerRoles: RoleResource[], requested: string[]): boolean {
  if (requested.length === 0) return false;
  for (const { deny } of callerRoles) {
    const denied = deny.impersonateRoles.map(rolePattern);
    if (requested.some((role) => denied.some((matches) => matches(role)))) return false;
  }
  return callerRoles.some(({ allow }) => {
    if (allow.impersonateUsers.length > 0 || allow.impersonateWhere !== "") return false;
    const allowed = allow.impersonateRoles.map(rolePattern);
    return requested.every((role) => allowed.some((matches) => matches(role)));
  });
}
