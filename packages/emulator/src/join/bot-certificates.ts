import { type KeyObject, randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { formatAuthorizedKey } from "@bot-join/formats";
import { botUserName, type JoinAttrs, joinAttrs, type TokenResource } from "@bot-join/resources";
import { checkLocks } from "../auth/check-locks.ts";
import { clampToRoles, latestExpiry } from "../auth/lifetime.ts";
import { loadRoles } from "../auth/load-roles.ts";
import { kubernetesCluster } from "../auth/routes.ts";
import { goJson } from "../authority/go-json.ts";
import { publicKeyPem } from "../authority/public-key-pem.ts";
import { checkKeyIsAllowed } from "../authority/subject-key.ts";
import { issueUserCertificates } from "../authority/user-certificates.ts";
import type { ClusterContext } from "../context.ts";
import { Refusal } from "../refusal.ts";
import type { UserRecord } from "../state/cluster-state.ts";

const defaultLifetimeMs = 3_600_000;

/** The answer to a join (join.md section 12): PEM and authorized_keys lines, each ending in a newline. */
export interface JoinAnswer {
  ssh: string;
  tls: string;
  /** User authority first, then host authority. */
  tlsCaCerts: string[];
  sshCaCerts: string[];
}

/** The keys that a bot's two certificates are made for. */
export interface SubjectKeys {
  ssh: KeyObject;
  tls: KeyObject;
}

/** What whoever joins asks for. */
export interface Applicant {
  /** Absent: the server's own choice. */
  expires?: Date;
  /** Decodes the keys, once everything else is well; throws a Refusal. */
  readKeys(): SubjectKeys;
}

/** Issues the certificates of a bot that has proven itself (join.md section 8). */
export function issueBotCertificates(
  context: ClusterContext,
  applicant: Applicant,
  token: TokenResource,
  claims: Readonly<Record<string, unknown>>,
  remoteAddress: string,
): JoinAnswer {
  const { profile, state, authorities } = context;
  const now = context.clock.now();
  const botName = token.botName ?? "";
  const record = state.users.get(botUserName(botName));
  if (record === undefined) throw new Refusal("access-denied", "access denied");
  const roles = loadRoles(state, record.user.roles);
  checkLocks(state, record.user.name, record.user.roles);
  const keys = applicant.readKeys();
  checkKeyIsAllowed(keys.ssh, context.rsaOnly);
  checkKeyIsAllowed(keys.tls, context.rsaOnly);
  const renewable = token.joinMethod === "token";
  const wanted = applicant.expires ?? new Date(now.getTime() + defaultLifetimeMs);
  const end = clampToRoles(latestExpiry(wanted, now), roles, now);
  const attributes = joinAttrs(token, claims, profile.serverVersion);
  const { generation, botInstanceId, ...count } = beginCount(context, record, {
    token,
    botName,
    key: keys.tls,
    end,
    attributes,
  });
  const certificates = issueUserCertificates(authorities.user, {
    username: record.user.name,
    roles,
    traits: record.user.traits,
    teleportExtensions: true,
    routeToCluster: context.name,
    clusterName: context.name,
    now,
    notAfter: end,
    sshKey: keys.ssh,
    tlsKey: keys.tls,
    renewable,
    ...(generation !== undefined && { generation }),
    ...(botInstanceId !== undefined && { botInstanceId }),
    ...(profile.botNameInCertificates && { botName }),
    ...(profile.loginIpInCertificates && { loginIp: ipOf(remoteAddress) }),
    attributes: {
      kubernetesCluster: [kubernetesCluster(context, "") ?? []].flat(),
      ...(profile.userTypeInCertificates && { userType: ["local"] }),
      ...(profile.joinAttributes && { joinAttributes: [goJson(attributes)] }),
    },
  });
  count.record();
  // A crash before this leaves a token that was not acknowledged as used.
  if (renewable) state.removeToken(token.name);
  const issuers = [authorities.user, authorities.host];
  return {
    ssh: certificates.ssh ?? "",
    tls: certificates.tls ?? "",
    tlsCaCerts: issuers.map(({ tlsCertificatePem }) => tlsCertificatePem),
    sshCaCerts: issuers.map(({ sshPublicKey }) => `${formatAuthorizedKey(sshPublicKey)}\n`),
  };
}

/** What a bot's certificates count, and how that is recorded once they are made. */
interface FirstGeneration {
  generation?: number;
  botInstanceId?: string;
  record(): void;
}

/** Begins the count of certificates (join.md section 8.4): per instance where there are any, else per user. */
function beginCount(
  { profile, state, clock }: ClusterContext,
  record: UserRecord,
  join: { token: TokenResource; botName: string; key: KeyObject; end: Date; attributes: JoinAttrs },
): FirstGeneration {
  const { token, attributes } = join;
  if (profile.botInstances) {
    const botInstanceId = randomUUID();
    const authentication = {
      authenticatedAt: clock.now(),
      joinMethod: token.joinMethod,
      joinToken: token.joinMethod === "token" ? "" : token.name,
      generation: 1,
      publicKey: publicKeyPem(join.key),
      ...(profile.joinAttributes && { joinAttrs: attributes }),
    };
    return {
      generation: 1,
      botInstanceId,
      record: () =>
        state.botInstances.create({
          botName: join.botName,
          instanceId: botInstanceId,
          authentication,
          certificateExpires: join.end,
        }),
    };
  }
  if (token.joinMethod !== "token") return { record: () => undefined };
  if (record.generation !== 0) {
    throw new Refusal(
      "bad-parameter",
      `user "${record.user.name}" has already been issued a renewable certificate and cannot be issued another`,
    );
  }
  return { generation: 1, record: () => state.setGeneration(record.user.name, 1) };
}

/** Takes the port off an address. */
function ipOf(remoteAddress: string): string {
  if (isIP(remoteAddress) !== 0) return remoteAddress;
  return remoteAddress.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}
