import { X509Certificate } from "node:crypto";
import {
  readSubject,
  readTeleportIdentity,
  standardAttributes,
  type TeleportIdentity,
} from "@bot-join/formats";
import type { UserCaller } from "../caller.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { authorize } from "./authorize.ts";

/**
 * Reads who a client certificate stands for. That a CA of the cluster signed it and that TLS took it is the listener's
 * matter; here it must be in time by the cluster's clock, fit for the API and belong to a user who may use the cluster.
 * One that is restricted is fit for the usage that it names, such as `usage:kube`, and nothing else.
 */
export function authenticate(context: ClusterContext, certificatePem: string, usage?: string): UserCaller {
  const certificate = new X509Certificate(certificatePem);
  const expires = new Date(certificate.validTo);
  const now = context.clock.now();
  if (now < new Date(certificate.validFrom) || now > expires) {
    throw new Refusal("access-denied", "access denied: client certificate is expired or not yet valid");
  }
  const usageRestricted = readSubject(certificate.raw).some(
    ({ oid, value }) => oid === standardAttributes.usage.oid && value !== usage,
  );
  if (usageRestricted) throw new Refusal("access-denied", "access denied: invalid client certificate");
  const caller = toCaller(readTeleportIdentity(certificatePem), expires);
  authorize(context.state, caller);
  return caller;
}

function toCaller(identity: TeleportIdentity, expires: Date): UserCaller {
  const { impersonator, generation, botInstanceId } = identity;
  const botName = identity.attributes.botName?.[0];
  const loginIp = identity.attributes.loginIp?.[0];
  const joinAttributes = identity.attributes.joinAttributes?.[0];
  return {
    kind: "user",
    username: identity.username,
    roles: identity.roles,
    expires,
    renewable: identity.renewable,
    disallowReissue: identity.disallowReissue,
    ...(impersonator !== undefined && { impersonator }),
    ...(generation !== undefined && { generation }),
    ...(botName !== undefined && { botName }),
    ...(botInstanceId !== undefined && { botInstanceId }),
    ...(loginIp !== undefined && { loginIp }),
    ...(joinAttributes !== undefined && { joinAttributes }),
  };
}
