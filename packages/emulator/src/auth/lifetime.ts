import type { RoleResource } from "@bot-join/resources";

/** The longest life of a certificate that a machine asks for, 24 h. */
const maxLifetimeMs = 24 * 3_600_000;

/** Cuts a wanted end to 24 h from now (user-certs.md section 4). */
export function latestExpiry(wanted: Date, now: Date): Date {
  return earlier(wanted, new Date(now.getTime() + maxLifetimeMs));
}

/** Cuts a wanted end to the shortest `max_session_ttl` of some roles. */
export function clampToRoles(wanted: Date, roles: readonly RoleResource[], now: Date): Date {
  const limits = roles.map(({ maxSessionTtlMs }) => maxSessionTtlMs ?? 0).filter((limit) => limit > 0);
  return limits.reduce((end, limit) => earlier(end, new Date(now.getTime() + limit)), wanted);
}

/** Gives the earlier of two times. */
export function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
