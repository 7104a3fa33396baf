import { formatTimestamp } from "../timestamp.ts";
import { sortKeys, writeYaml } from "../write-yaml.ts";
import type {
  BotAuthentication,
  BotHeartbeat,
  BotInstance,
  BotServiceHealth,
  UpdaterInfo,
} from "./bot-instance.ts";
import { botKindNames, healthNames, updaterNames } from "./enum-names.ts";
import { formatProtobufDuration, withoutZeroValues } from "./protobuf-json.ts";

/**
 * Writes bot instances as `tctl get bot_instance` does (bot-instance.md section 4): JSON is an array even of one,
 * indented by four spaces; YAML is one document each, keys sorted.
 */
export function renderBotInstance(
  instance: BotInstance | readonly BotInstance[],
  to: "yaml" | "json",
): string {
  const documents = [instance].flat().map((each) => botInstanceDocument(each as BotInstance));
  if (to === "json") return `${JSON.stringify(documents, undefined, 4)}\n`;
  return documents.map((document) => writeYaml(sortKeys(document))).join("---\n");
}

/** Turns an instance into the document that the reference shows, as protobuf's JSON with the original names. */
export function botInstanceDocument(instance: BotInstance): Record<string, unknown> {
  const { initialAuthentication: authentication, initialHeartbeat: heartbeat } = instance;
  return {
    kind: "bot_instance",
    version: "v1",
    metadata: withoutZeroValues({
      name: instance.instanceId,
      expires: instance.expires === undefined ? undefined : formatTimestamp(instance.expires),
      revision: instance.revision,
    }),
    spec: withoutZeroValues({
      bot_name: instance.botName,
      instance_id: instance.instanceId,
      previous_instance_id: instance.previousInstanceId,
    }),
    status: withoutZeroValues({
      initial_authentication: authentication && authenticationDocument(authentication),
      latest_authentications: instance.latestAuthentications.map(authenticationDocument),
      initial_heartbeat: heartbeat && heartbeatDocument(heartbeat),
      latest_heartbeats: instance.latestHeartbeats.map(heartbeatDocument),
      service_health: instance.serviceHealth.map(healthDocument),
    }),
  };
}

function authenticationDocument(authentication: BotAuthentication): Record<string, unknown> {
  return withoutZeroValues({
    authenticated_at: formatTimestamp(authentication.authenticatedAt),
    join_method: authentication.joinMethod,
    join_token: authentication.joinToken,
    metadata: authentication.metadata,
    generation: authentication.generation,
    public_key: Buffer.from(authentication.publicKey).toString("base64"),
    join_attrs: authentication.joinAttrs,
  });
}

function heartbeatDocument(heartbeat: BotHeartbeat): Record<string, unknown> {
  const { uptimeMs, updaterInfo, kind } = heartbeat;
  return withoutZeroValues({
    recorded_at: formatTimestamp(heartbeat.recordedAt),
    is_startup: heartbeat.isStartup,
    version: heartbeat.version,
    hostname: heartbeat.hostname,
    uptime: formatProtobufDuration(uptimeMs),
    join_method: heartbeat.joinMethod,
    one_shot: heartbeat.oneShot,
    architecture: heartbeat.architecture,
    os: heartbeat.os,
    external_updater: heartbeat.externalUpdater,
    external_updater_version: heartbeat.externalUpdaterVersion,
    updater_info: updaterInfo && updaterDocument(updaterInfo),
    kind: kind === "unspecified" ? "" : botKindNames[kind],
  });
}

/** These keys are in camel case in the reference too. */
function updaterDocument({ updateGroup, updateUuid, updaterStatus }: UpdaterInfo): Record<string, unknown> {
  return withoutZeroValues({
    UpdateGroup: updateGroup,
    UpdateUUID: Buffer.from(updateUuid).toString("base64"),
    UpdaterStatus: updaterStatus === "unspecified" ? "" : updaterNames[updaterStatus],
  });
}

function healthDocument({ service, status, reason, updatedAt }: BotServiceHealth): Record<string, unknown> {
  const document = withoutZeroValues({
    service: withoutZeroValues(service),
    status: status === "unspecified" ? "" : healthNames[status],
    updated_at: formatTimestamp(updatedAt),
  });
  // An optional text that is there is written even when it is empty.
  return reason === undefined ? document : { ...document, reason };
}
