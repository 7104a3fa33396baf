import {
  type GetClusterCACertResponse,
  GetClusterCACertResponseSchema,
  type GetRoleRequest,
  type GetUserRequest,
  type PingResponse,
  PingResponseSchema,
  type RoleV6,
  type UserV2,
} from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import type { Caller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { checkAccess } from "./authorize.ts";
import { roleMessage, userMessage } from "./messages.ts";

/** Says what the cluster is; anybody may ask. The caller's address is left to the layer that knows it. */
export function ping(context: ClusterContext): PingResponse {
  return create(PingResponseSchema, {
    clusterName: context.name,
    serverVersion: context.profile.serverVersion,
    serverFeatures: { kubernetes: true, app: true, db: true, desktop: true },
    proxyPublicAddr: context.publicAddress,
    isBoring: context.rsaOnly,
  });
}

/** Gives the certificate of the host authority; anybody may ask. */
export function getClusterCaCert(context: ClusterContext): GetClusterCACertResponse {
  return create(GetClusterCACertResponseSchema, {
    tlsCa: Buffer.from(context.authorities.host.tlsCertificatePem),
  });
}

/** Gives a role: one that the caller holds, or any to a caller who may read roles. */
export function getRole(context: ClusterContext, caller: Caller, request: GetRoleRequest): RoleV6 {
  const { state } = context;
  const isOwn = caller.kind === "user" && caller.roles.includes(request.name);
  if (!isOwn) checkAccess(state, caller, "read", "role");
  const role = state.roles.get(request.name);
  if (role === undefined) throw new Refusal("not-found", `role ${request.name} is not found`);
  return roleMessage(role);
}

/** Gives a user: the caller's own, or any to a caller who may read users. */
export function getUser(context: ClusterContext, caller: Caller, request: GetUserRequest): UserV2 {
  const { state } = context;
  // The wording of this refusal was not measured.
  if (request.withSecrets) {
    throw new Refusal("access-denied", "this request can be only executed by an admin");
  }
  const isOwn = caller.kind === "user" && caller.username === request.name;
  if (!isOwn) checkAccess(state, caller, "read", "user");
  const record = state.users.get(request.name);
  if (record === undefined) throw new Refusal("not-found", `user ${JSON.stringify(request.name)} not found`);
  return userMessage(record);
}
