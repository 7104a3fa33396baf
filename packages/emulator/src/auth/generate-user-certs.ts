import { formatAuthorizedKey } from "@bot-join/formats";
import { type Certs, CertsSchema, type UserCertsRequest } from "@bot-join/proto";
import { create } from "@bufbuild/protobuf";
import { issueUserCertificates } from "../authority/user-certificates.ts";
import type { Caller, UserCaller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import type { UserRecord } from "../state/cluster-state.ts";
import { requireUser } from "./authorize.ts";
import { checkMayRequest, checkRoleRequests, requestedExpiry } from "./check-certs-request.ts";
import { checkLocks } from "./check-locks.ts";
import { clampToRoles } from "./lifetime.ts";
import { loadRoles } from "./load-roles.ts";
import { checkRenewal } from "./renew.ts";
import { routeAttributes, routeToCluster, usageRestrictions } from "./routes.ts";
import { readSubjectKeys } from "./subject-keys.ts";

const botLabel = "teleport.internal/bot";
/** The farthest time from 1970 that a Date can hold. */
const maxDateMs = 8.64e15;

/** Issues further certificates to the caller, in the server's order of checks (user-certs.md section 2.5). */
export function generateUserCerts(
  context: ClusterContext,
  anybody: Caller,
  request: UserCertsRequest,
): Certs {
  const { profile, state, authorities } = context;
  const caller = requireUser(anybody);
  const record = checkMayRequest(state, caller, request);
  const now = context.clock.now();
  const wanted = requestedExpiry(caller, timestampOf(request), request.roleRequests.length > 0, now);
  const roles = checkRoleRequests(state, record, request) ?? loadRoles(state, record.user.roles);
  const impersonates = request.roleRequests.length > 0;
  const roleNames = roles.map(({ name }) => name);
  checkLocks(state, caller.username, roleNames, caller.botInstanceId);
  const notAfter = clampToRoles(wanted, roles, now);
  const route = routeToCluster(context, request.routeToCluster, roles);
  const keys = readSubjectKeys(context, request);
  const attributes = {
    ...routeAttributes(context, request, { cluster: route, notAfter }),
    ...(profile.userTypeInCertificates && { userType: ["local"] }),
    ...(caller.joinAttributes !== undefined && { joinAttributes: [caller.joinAttributes] }),
  };
  const renews = caller.renewable && !impersonates;
  const renewal = renews ? checkRenewal(context, caller) : undefined;
  const generation = renewal?.generation ?? caller.generation;
  const certificates = issueUserCertificates(authorities.user, {
    username: caller.username,
    roles,
    traits: record.user.traits,
    teleportExtensions: request.format !== "oldssh",
    routeToCluster: route,
    clusterName: context.name,
    now,
    notAfter,
    sshKey: keys.ssh,
    tlsKey: keys.tls,
    ...(impersonates && { impersonator: caller.username }),
    disallowReissue:
      impersonates && !(profile.reissuableRoleImpersonation && request.reissuableRoleImpersonation),
    renewable: renews,
    ...(!impersonates && generation !== undefined && { generation }),
    ...botIdentity(context, caller, record),
    attributes,
    usage: usageRestrictions(request),
  });
  const certified = keys.tls ?? keys.ssh;
  if (certified !== undefined) renewal?.record(certified, notAfter);
  context.emit({ type: "certificates", user: caller.username, roles: roleNames, expires: notAfter });
  // Who renews may have kept nothing but the last identity, so it gets the host authority too.
  const issuers = renews ? [authorities.user, authorities.host] : [authorities.user];
  return create(CertsSchema, {
    ssh: Buffer.from(certificates.ssh ?? ""),
    tls: Buffer.from(certificates.tls ?? ""),
    tlsCaCerts: issuers.map(({ tlsCertificatePem }) => Buffer.from(tlsCertificatePem)),
    sshCaCerts: issuers.map(({ sshPublicKey }) => Buffer.from(`${formatAuthorizedKey(sshPublicKey)}\n`)),
  });
}

function timestampOf({ expires }: UserCertsRequest): Date {
  // An absent time is Go's zero time, long past.
  if (expires === undefined) return new Date(0);
  const ms = Number(expires.seconds) * 1000 + expires.nanos / 1e6;
  return new Date(Math.min(Math.max(ms, -maxDateMs), maxDateMs));
}

function botIdentity(
  { profile }: ClusterContext,
  caller: UserCaller,
  record: UserRecord,
): { botName?: string; botInstanceId?: string; loginIp?: string } {
  const botName = profile.botNameInCertificates ? record.user.labels[botLabel] : undefined;
  return {
    ...(botName !== undefined && { botName }),
    ...(caller.botInstanceId !== undefined && { botInstanceId: caller.botInstanceId }),
    ...(caller.loginIp !== undefined && { loginIp: caller.loginIp }),
  };
}
