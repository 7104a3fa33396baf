import type {
  BotAuthentication,
  BotHeartbeat,
  BotInstance,
  BotKind,
  BotServiceHealth,
  JoinAttrs,
} from "@bot-join/resources";

type Members = Readonly<Record<string, unknown>>;

const kinds: Readonly<Record<string, BotKind>> = {
  BOT_KIND_TBOT_BINARY: "tbot",
  BOT_KIND_TERRAFORM_PROVIDER: "terraform-provider",
  BOT_KIND_KUBERNETES_OPERATOR: "kubernetes-operator",
};

const healthStates: Readonly<Record<string, BotServiceHealth["status"]>> = {
  BOT_INSTANCE_HEALTH_STATUS_INITIALIZING: "initializing",
  BOT_INSTANCE_HEALTH_STATUS_HEALTHY: "healthy",
  BOT_INSTANCE_HEALTH_STATUS_UNHEALTHY: "unhealthy",
};

/**
 * Turns the document of a bot instance, as `renderBotInstance` writes it, back into the instance. Undefined for a
 * document that looks otherwise: `parseBotInstances` reads those, many times as slowly.
 */
export function instanceFromDocument(document: unknown): BotInstance | undefined {
  const { kind, version, metadata, spec, status } = members(document);
  if (kind !== "bot_instance" || version !== "v1") return undefined;
  const { expires, revision } = members(metadata);
  const { bot_name: botName, instance_id: instanceId, previous_instance_id: previous } = members(spec);
  const recorded = members(status);
  if (typeof botName !== "string" || typeof instanceId !== "string") return undefined;
  const first = recorded["initial_authentication"];
  const heartbeat = recorded["initial_heartbeat"];
  const instance: BotInstance = {
    kind: "bot_instance",
    version: "v1",
    botName,
    instanceId,
    ...(typeof previous === "string" && { previousInstanceId: previous }),
    ...(expires !== undefined && { expires: time(expires) }),
    ...(typeof revision === "string" && { revision }),
    ...(first !== undefined && { initialAuthentication: authentication(first) }),
    latestAuthentications: list(recorded["latest_authentications"]).map(authentication),
    ...(heartbeat !== undefined && { initialHeartbeat: heartbeatOf(heartbeat) }),
    latestHeartbeats: list(recorded["latest_heartbeats"]).map(heartbeatOf),
    serviceHealth: list(recorded["service_health"]).map(health),
  };
  return hasOnlyRealTimes(instance) ? instance : undefined;
}

function authentication(document: unknown): BotAuthentication {
  const written = members(document);
  const { metadata, join_attrs: attributes } = written;
  return {
    authenticatedAt: time(written["authenticated_at"]),
    joinMethod: text(written["join_method"]),
    joinToken: text(written["join_token"]),
    ...(metadata !== undefined && { metadata: members(metadata) }),
    generation: Number(written["generation"] ?? 0),
    publicKey: Buffer.from(text(written["public_key"]), "base64").toString("utf8"),
    ...(attributes !== undefined && { joinAttrs: { meta: {}, ...members(attributes) } as JoinAttrs }),
  };
}

function heartbeatOf(document: unknown): BotHeartbeat {
  const written = members(document);
  return {
    recordedAt: time(written["recorded_at"]),
    isStartup: written["is_startup"] === true,
    version: text(written["version"]),
    hostname: text(written["hostname"]),
    uptimeMs: Number(text(written["uptime"]).replace(/s$/, "")) * 1000,
    joinMethod: text(written["join_method"]),
    oneShot: written["one_shot"] === true,
    architecture: text(written["architecture"]),
    os: text(written["os"]),
    externalUpdater: text(written["external_updater"]),
    externalUpdaterVersion: text(written["external_updater_version"]),
    kind: kinds[text(written["kind"])] ?? "unspecified",
  };
}

function health(document: unknown): BotServiceHealth {
  const written = members(document);
  const { type, name } = members(written["service"]);
  return {
    service: { type: text(type), name: text(name) },
    status: healthStates[text(written["status"])] ?? "unspecified",
    ...(typeof written["reason"] === "string" && { reason: written["reason"] }),
    updatedAt: time(written["updated_at"]),
  };
}

function hasOnlyRealTimes({
  expires,
  latestAuthentications: logins,
  latestHeartbeats: beats,
}: BotInstance): boolean {
  const times = [
    expires,
    ...logins.map((each) => each.authenticatedAt),
    ...beats.map((each) => each.recordedAt),
  ];
  return times.every((each) => each === undefined || !Number.isNaN(each.getTime()));
}

function members(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function time(value: unknown): Date {
  return new Date(text(value));
}
