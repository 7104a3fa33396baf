import type { UserCertsRequest } from "@bot-join/proto";
import { type RoleResource, roleAllowsImpersonation } from "@bot-join/resources";
import type { UserCaller } from "../caller.ts";
import { Refusal } from "../refusal.ts";
import type { ClusterState, UserRecord } from "../state/cluster-state.ts";
import { earlier, latestExpiry } from "./lifetime.ts";
import { loadRoles } from "./load-roles.ts";

const certificateFormats: readonly string[] = ["", "standard", "oldssh"];

/** Checks whether the caller may ask for certificates at all: steps 3 to 6 of user-certs.md section 2.5. */
export function checkMayRequest(
  state: ClusterState,
  caller: UserCaller,
  request: UserCertsRequest,
): UserRecord {
  // Nobody who joins has a role that lets it impersonate users, only one that lets it impersonate roles.
  if (request.username !== caller.username) throw denied("access denied: impersonation is not allowed");
  if (caller.disallowReissue) throw denied("access denied: identity is not allowed to reissue certificates");
  if (caller.impersonator !== undefined) {
    if (request.accessRequests.length > 0) {
      throw denied("access denied: impersonated user can not request new roles");
    }
    if (request.useRoleRequests || request.roleRequests.length > 0) {
      throw denied("access denied: impersonated roles can not request other roles");
    }
  }
  if (!certificateFormats.includes(request.format)) {
    throw new Refusal(
      "bad-parameter",
      `invalid certificate format parameter: ${JSON.stringify(request.format)}`,
    );
  }
  const record = state.users.get(request.username);
  if (record === undefined) throw denied("access denied");
  return record;
}

/**
 * Cuts the wanted end to what this caller may have: 24 h for a machine that renews or impersonates roles, else the end
 * of its own certificate (user-certs.md section 4). A time in the past is refused.
 */
export function requestedExpiry(
  caller: UserCaller,
  wanted: Date,
  impersonatesRoles: boolean,
  now: Date,
): Date {
  if (wanted < now) throw denied("access denied: client credentials have expired, please relogin.");
  return caller.renewable || impersonatesRoles ? latestExpiry(wanted, now) : earlier(wanted, caller.expires);
}

/**
 * Loads the roles that the caller asks to impersonate, if any: steps 8 to 10 of user-certs.md section 2.5. Role requests
 * count whether or not `UseRoleRequests` is set; it matters only for the empty list (measured on 14.2.0).
 */
export function checkRoleRequests(
  state: ClusterState,
  record: UserRecord,
  request: UserCertsRequest,
): RoleResource[] | undefined {
  const { roleRequests, accessRequests } = request;
  if (accessRequests.length > 0) {
    if (roleRequests.length > 0) throw denied("access denied");
    // The emulator keeps no access requests, so none of these exists.
    throw new Refusal("not-found", `access request ${accessRequests[0]} is not found`);
  }
  if (roleRequests.length === 0) {
    if (!request.useRoleRequests) return undefined;
    throw new Refusal("bad-parameter", "at least one role request is required");
  }
  const roles = loadRoles(state, roleRequests);
  if (!roleAllowsImpersonation(loadRoles(state, record.user.roles), roleRequests)) {
    const list = roleRequests.map((role) => JSON.stringify(role)).join(" ");
    throw denied(`user ${JSON.stringify(request.username)} has requested role impersonation for [${list}]`);
  }
  return roles;
}

function denied(message: string): Refusal {
  return new Refusal("access-denied", message);
}
