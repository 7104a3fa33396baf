import { createPublicKey } from "node:crypto";
import { formatAuthorizedKey } from "@bot-join/formats";
import {
  type CertAuthorityV2,
  CertAuthorityV2Schema,
  type LabelValues,
  LabelValuesSchema,
  type RoleConditions as RoleConditionsMessage,
  RoleConditionsSchema,
  type RoleV6,
  RoleV6Schema,
  type UserV2,
  UserV2Schema,
} from "@bot-join/proto";
import type { RoleConditions, RoleResource } from "@bot-join/resources";
import { create } from "@bufbuild/protobuf";
import type { Authority, JwtAuthority, SshAuthority } from "../authority/authority.ts";
import { publicKeyPem } from "../authority/public-key-pem.ts";
import type { UserRecord } from "../state/cluster-state.ts";

const namespace = "default";
const nanosecondsPerMs = 1_000_000n;

/** Puts a role into the message of the legacy API (user-certs.md section 2.3). */
export function roleMessage(role: RoleResource): RoleV6 {
  return create(RoleV6Schema, {
    kind: "role",
    version: role.version,
    metadata: {
      name: role.name,
      namespace,
      description: role.description ?? "",
      labels: role.labels,
    },
    spec: {
      options: {
        forwardAgent: role.forwardAgent,
        maxSessionTtlNs: BigInt(role.maxSessionTtlMs ?? 0) * nanosecondsPerMs,
        portForwarding: { value: role.portForwarding },
        certFormat: "standard",
        permitX11Forwarding: role.permitX11Forwarding,
      },
      allow: conditionsMessage(role.allow),
      deny: conditionsMessage(role.deny),
    },
  });
}

function conditionsMessage(conditions: RoleConditions): RoleConditionsMessage {
  const { impersonateRoles, impersonateUsers, impersonateWhere } = conditions;
  const impersonates = impersonateRoles.length > 0 || impersonateUsers.length > 0;
  return create(RoleConditionsSchema, {
    logins: conditions.logins,
    namespaces: [namespace],
    nodeLabels: valueListsMessage(conditions.nodeLabels),
    rules: conditions.rules,
    ...(impersonates && {
      impersonate: { roles: impersonateRoles, users: impersonateUsers, where: impersonateWhere },
    }),
  });
}

/** Puts a user into the message of the legacy API, with the count of its certificates as a label. */
export function userMessage({ user, generation }: UserRecord): UserV2 {
  const generationLabel = "teleport.internal/bot-generation";
  const counted = generationLabel in user.labels ? { [generationLabel]: String(generation) } : {};
  return create(UserV2Schema, {
    kind: "user",
    version: user.version,
    metadata: { name: user.name, namespace, labels: { ...user.labels, ...counted } },
    spec: { roles: user.roles, traits: valueListsMessage(user.traits) },
  });
}

/** Puts an authority into the message of the trust service, without its private keys (user-certs.md section 2.7). */
export function authorityMessage(
  clusterName: string,
  authority: Authority | SshAuthority | JwtAuthority,
): CertAuthorityV2 {
  const ssh =
    "sshPublicKey" in authority
      ? [{ publicKey: Buffer.from(`${formatAuthorizedKey(authority.sshPublicKey)}\n`) }]
      : [];
  const jwt =
    "jwtPrivateKey" in authority
      ? [{ publicKey: Buffer.from(publicKeyPem(createPublicKey(authority.jwtPrivateKey))) }]
      : [];
  return create(CertAuthorityV2Schema, {
    kind: "cert_authority",
    subKind: authority.type,
    version: "v2",
    metadata: { name: clusterName, namespace },
    spec: {
      type: authority.type,
      clusterName,
      activeKeys: { ssh, tls: [{ cert: Buffer.from(authority.tlsCertificatePem) }], jwt },
      additionalTrustedKeys: {},
    },
  });
}

function valueListsMessage(lists: Readonly<Record<string, string[]>>): LabelValues {
  return create(LabelValuesSchema, {
    values: Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, { values }])),
  });
}
