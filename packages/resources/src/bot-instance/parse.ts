import * as v from "valibot";
import { readDocuments, tooLong } from "../documents.ts";
import { ResourceError, type ResourceErrorCode } from "../errors.ts";
import { formatPath, formatProblem, type ResourceProblem } from "../problem.ts";
import { ignored, list, mapping, optionalMapping, type Shape, text } from "../shape.ts";
import { readTimestamp } from "../timestamp.ts";
import { describeTypeIssue } from "../type-problem.ts";
import type { BotAuthentication, BotHeartbeat, BotInstance, BotServiceHealth } from "./bot-instance.ts";
import { botKindNames, healthNames, updaterNames, valueOfName } from "./enum-names.ts";
import type { JoinAttrs } from "./join-attrs.ts";
import { parseProtobufDuration } from "./protobuf-json.ts";

const truth = v.nullish(v.boolean(), false);

const time = v.pipe(
  v.string(),
  v.check((written) => readTimestamp(written) !== undefined, "must be an RFC 3339 time"),
  v.transform((written) => readTimestamp(written) ?? new Date(0)),
);

const bytes = v.pipe(
  text,
  v.check((written) => /^[A-Za-z0-9+/]*={0,2}$/.test(written), "must be base64"),
  v.transform((written) => Buffer.from(written, "base64")),
);

const attributes: Shape<JoinAttrs> = v.pipe(
  mapping(v.looseObject({ meta: optionalMapping(v.object({ join_token_name: text, join_method: text })) })),
  v.transform((value) => {
    const { join_token_name: name, join_method: method } = value.meta;
    const meta = {
      ...(method === "" ? {} : { join_method: method }),
      ...(name === "" ? {} : { join_token_name: name }),
    };
    return { ...value, meta } as JoinAttrs;
  }),
);

const authentication: Shape<BotAuthentication> = v.pipe(
  mapping(
    v.object({
      authenticated_at: time,
      join_method: text,
      join_token: text,
      metadata: v.nullish(v.record(v.string(), v.unknown())),
      generation: v.nullish(v.pipe(v.number(), v.integer()), 0),
      public_key: bytes,
      join_attrs: v.nullish(attributes),
    }),
  ),
  v.transform((written): BotAuthentication => {
    const read: BotAuthentication = {
      authenticatedAt: written.authenticated_at,
      joinMethod: written.join_method,
      joinToken: written.join_token,
      generation: written.generation,
      publicKey: written.public_key.toString("utf8"),
    };
    if (written.metadata) read.metadata = written.metadata;
    if (written.join_attrs) read.joinAttrs = written.join_attrs;
    return read;
  }),
);

const updater = mapping(v.object({ UpdateGroup: text, UpdateUUID: bytes, UpdaterStatus: text }));

const heartbeat: Shape<BotHeartbeat> = v.pipe(
  mapping(
    v.object({
      recorded_at: time,
      is_startup: truth,
      version: text,
      hostname: text,
      uptime: v.pipe(
        v.nullish(v.string(), "0s"),
        v.check(
          (written) => parseProtobufDuration(written) !== undefined,
          "must be a duration such as 3.500s",
        ),
        v.transform((written) => parseProtobufDuration(written) ?? 0),
      ),
      join_method: text,
      one_shot: truth,
      architecture: text,
      os: text,
      external_updater: text,
      external_updater_version: text,
      updater_info: v.nullish(updater),
      kind: text,
    }),
  ),
  v.transform((written): BotHeartbeat => {
    const read: BotHeartbeat = {
      recordedAt: written.recorded_at,
      isStartup: written.is_startup,
      version: written.version,
      hostname: written.hostname,
      uptimeMs: written.uptime,
      joinMethod: written.join_method,
      oneShot: written.one_shot,
      architecture: written.architecture,
      os: written.os,
      externalUpdater: written.external_updater,
      externalUpdaterVersion: written.external_updater_version,
      kind: valueOfName(botKindNames, written.kind, "unspecified"),
    };
    if (written.updater_info) {
      const { UpdateGroup, UpdateUUID, UpdaterStatus } = written.updater_info;
      read.updaterInfo = {
        updateGroup: UpdateGroup,
        updateUuid: new Uint8Array(UpdateUUID),
        updaterStatus: valueOfName(updaterNames, UpdaterStatus, "unspecified"),
      };
    }
    return read;
  }),
);

const health: Shape<BotServiceHealth> = v.pipe(
  mapping(
    v.object({
      service: optionalMapping(v.object({ type: text, name: text })),
      status: text,
      reason: v.nullish(v.string()),
      updated_at: time,
    }),
  ),
  v.transform((written): BotServiceHealth => {
    const { service, updated_at: updatedAt } = written;
    const read = { service, status: valueOfName(healthNames, written.status, "unspecified"), updatedAt };
    return typeof written.reason === "string" ? { ...read, reason: written.reason } : read;
  }),
);

const instance: Shape<BotInstance> = v.pipe(
  mapping(
    v.object({
      kind: v.literal("bot_instance"),
      sub_kind: ignored,
      version: v.literal("v1"),
      metadata: optionalMapping(v.object({ name: text, expires: v.nullish(time), revision: text })),
      spec: optionalMapping(v.object({ bot_name: text, instance_id: text, previous_instance_id: text })),
      status: optionalMapping(
        v.object({
          initial_authentication: v.nullish(authentication),
          latest_authentications: list(authentication),
          initial_heartbeat: v.nullish(heartbeat),
          latest_heartbeats: list(heartbeat),
          service_health: list(health),
        }),
      ),
    }),
  ),
  v.transform(({ metadata, spec, status }): BotInstance => {
    const read: BotInstance = {
      kind: "bot_instance",
      version: "v1",
      botName: spec.bot_name,
      instanceId: spec.instance_id,
      latestAuthentications: status.latest_authentications,
      latestHeartbeats: status.latest_heartbeats,
      serviceHealth: status.service_health,
    };
    if (spec.previous_instance_id !== "") read.previousInstanceId = spec.previous_instance_id;
    if (metadata.expires) read.expires = metadata.expires;
    if (metadata.revision !== "") read.revision = metadata.revision;
    if (status.initial_authentication) read.initialAuthentication = status.initial_authentication;
    if (status.initial_heartbeat) read.initialHeartbeat = status.initial_heartbeat;
    return read;
  }),
);

/**
 * Reads bot instances that a server, or `renderBotInstance`, wrote: YAML documents or a JSON array. Times are kept to the
 * millisecond. This is for state and for tctl's output; a document that somebody wants to create is refused by
 * `checkResources`. Throws ERR_RESOURCE_SIZE, ERR_RESOURCE_SYNTAX or ERR_RESOURCE_INVALID with every place.
 */
export function parseBotInstances(text: string, source: string): BotInstance[] {
  const long = tooLong(text);
  if (long !== undefined)
    throw unreadable("ERR_RESOURCE_SIZE", source, [{ source, line: 1, column: 1, path: "", message: long }]);
  const { documents, problems } = readDocuments(text);
  if (problems.length > 0) {
    throw unreadable(
      "ERR_RESOURCE_SYNTAX",
      source,
      problems.map((problem) => ({ source, path: "", ...problem })),
    );
  }
  const found: ResourceProblem[] = [];
  const instances = documents.flatMap((document) => {
    const values: unknown[] = Array.isArray(document.value) ? document.value : [document.value];
    return values.flatMap((value, index) => {
      const prefix = Array.isArray(document.value) ? [index] : [];
      const decoded = v.safeParse(instance, value);
      if (decoded.success) return [decoded.output];
      for (const issue of decoded.issues) {
        const { path, message } =
          issue.type === "check"
            ? { ...describeTypeIssue(issue), message: issue.message }
            : describeTypeIssue(issue);
        const at = [...prefix, ...path];
        found.push({ source, ...document.positionOf(at), path: formatPath(at), message });
      }
      return [];
    });
  });
  if (found.length > 0) throw unreadable("ERR_RESOURCE_INVALID", source, found);
  return instances;
}

function unreadable(code: ResourceErrorCode, source: string, problems: ResourceProblem[]): ResourceError {
  return new ResourceError({
    code,
    kind: "user",
    message: [`Reading bot instances from ${source}:`, ...problems.slice(0, 50).map(formatProblem)].join(
      "\n",
    ),
    hint: "These records are written by the server alone; put back what it wrote.",
    details: { problems },
  });
}
