import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkResources } from "../parse-resources.ts";
import { samples, tokenWith } from "../testing/methods.ts";
import {
  type BotAuthentication,
  type BotHeartbeat,
  type BotInstance,
  createBotInstance,
  maxRecords,
  recordAuthentication,
  recordHeartbeat,
  summarizeBotInstance,
} from "./bot-instance.ts";
import { joinAttrs } from "./join-attrs.ts";
import { parseBotInstances } from "./parse.ts";
import { formatProtobufDuration } from "./protobuf-json.ts";
import { renderBotInstance } from "./render.ts";

const at = (text: string): Date => new Date(`2026-01-01T${text}Z`);
const id = "5c0b8f5e-3a0f-4c0e-9a52-7d1f6b7c2e10";
const publicKey = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";

const { claims = {} } = samples["github"] ?? {};
const token = { ...tokenWith("github", [{ repository: "octo-eng/payments" }]), name: "gha-payments" };

const first: BotAuthentication = {
  authenticatedAt: at("12:00:00.204"),
  joinMethod: "github",
  joinToken: "gha-payments",
  generation: 1,
  publicKey,
  joinAttrs: joinAttrs(token, claims),
};

const heartbeat: Omit<BotHeartbeat, "recordedAt"> = {
  isStartup: true,
  version: "18.4.0",
  hostname: "fv-az123",
  uptimeMs: 1200,
  joinMethod: "github",
  oneShot: true,
  architecture: "amd64",
  os: "linux",
  externalUpdater: "",
  externalUpdaterVersion: "",
  kind: "unspecified",
};

const joined = createBotInstance({
  botName: "payments-deployer",
  instanceId: id,
  authentication: first,
  certificateExpires: at("13:00:00.204"),
});

describe("the life of an instance", () => {
  it("begins with one authentication, twice, and ends five minutes after the certificate", () => {
    expect(joined.initialAuthentication).toBe(first);
    expect(joined.latestAuthentications).toEqual([first]);
    expect(joined.expires).toEqual(at("13:05:00.204"));
    const recovered = createBotInstance({
      botName: "b",
      instanceId: "new",
      previousInstanceId: id,
      authentication: first,
      certificateExpires: at("13:00:00"),
    });
    expect(recovered.previousInstanceId).toBe(id);
  });

  it("keeps the first and the last ten authentications and heartbeats", () => {
    let instance = joined;
    for (let generation = 2; generation <= 15; generation++) {
      const expires = new Date(at("13:00:00").getTime() + generation * 60_000);
      instance = recordAuthentication(instance, { ...first, generation }, expires);
      instance = recordHeartbeat(instance, { ...heartbeat, uptimeMs: generation }, at("12:00:01"));
    }
    expect(instance.initialAuthentication?.generation).toBe(1);
    expect(instance.latestAuthentications.map(({ generation }) => generation)).toEqual([
      6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    ]);
    expect(instance.latestAuthentications).toHaveLength(maxRecords);
    expect(instance.initialHeartbeat?.uptimeMs).toBe(2);
    expect(instance.latestHeartbeats.map(({ uptimeMs }) => uptimeMs)).toEqual([
      6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    ]);
    expect(instance.expires).toEqual(at("13:20:00"));
  });

  it("takes the server's time of a heartbeat, keeps the expiry, replaces the health", () => {
    const pretended = { ...heartbeat, recordedAt: at("01:00:00") };
    const health = [
      { service: { type: "identity", name: "a" }, status: "healthy" as const, updatedAt: at("12:00:00") },
    ];
    const beaten = recordHeartbeat(joined, pretended, at("12:00:01"), health);
    expect(beaten.latestHeartbeats[0]?.recordedAt).toEqual(at("12:00:01"));
    expect(beaten.expires).toEqual(joined.expires);
    expect(beaten.serviceHealth).toEqual(health);
    expect(recordHeartbeat(beaten, heartbeat, at("12:00:02")).serviceHealth).toEqual(health);
  });

  it("is summed up as tctl does", () => {
    const renewed = recordAuthentication(
      joined,
      { authenticatedAt: at("12:30:00"), joinMethod: "token", joinToken: "", generation: 2, publicKey },
      at("13:30:00"),
    );
    expect(summarizeBotInstance(recordHeartbeat(renewed, heartbeat, at("12:40:00")))).toEqual({
      id: `payments-deployer/${id}`,
      joinMethod: "token (github)",
      hostname: "fv-az123",
      joined: at("12:00:00.204"),
      lastSeen: at("12:40:00"),
      generation: 2,
    });
    expect(summarizeBotInstance(joined)).toMatchObject({
      joinMethod: "github",
      hostname: undefined,
      lastSeen: at("12:00:00.204"),
    });
    const bare: BotInstance = {
      kind: "bot_instance",
      version: "v1",
      botName: "b",
      instanceId: "i",
      latestAuthentications: [],
      latestHeartbeats: [],
      serviceHealth: [],
    };
    expect(summarizeBotInstance(bare)).toEqual({
      id: "b/i",
      joinMethod: "",
      hostname: undefined,
      joined: undefined,
      lastSeen: undefined,
      generation: undefined,
    });
  });
});

describe("the document", () => {
  const instance = {
    ...recordHeartbeat(joined, heartbeat, at("12:00:01")),
    revision: "3f1c0f4e-6f2c-4e0e-8f5c-5a9f1f0f7e21",
  };

  it("is that of bot-instance.md section 4", () => {
    const authentication = {
      authenticated_at: "2026-01-01T12:00:00.204Z",
      join_method: "github",
      join_token: "gha-payments",
      generation: 1,
      public_key: Buffer.from(publicKey).toString("base64"),
      join_attrs: {
        meta: { join_token_name: "gha-payments", join_method: "github" },
        github: samples["github"]?.attributes,
      },
    };
    const beat = {
      recorded_at: "2026-01-01T12:00:01Z",
      is_startup: true,
      version: "18.4.0",
      hostname: "fv-az123",
      uptime: "1.200s",
      join_method: "github",
      one_shot: true,
      architecture: "amd64",
      os: "linux",
    };
    expect(JSON.parse(renderBotInstance(instance, "json"))).toEqual([
      {
        kind: "bot_instance",
        version: "v1",
        metadata: {
          name: id,
          expires: "2026-01-01T13:05:00.204Z",
          revision: "3f1c0f4e-6f2c-4e0e-8f5c-5a9f1f0f7e21",
        },
        spec: { bot_name: "payments-deployer", instance_id: id },
        status: {
          initial_authentication: authentication,
          latest_authentications: [authentication],
          initial_heartbeat: beat,
          latest_heartbeats: [beat],
        },
      },
    ]);
    const yaml = renderBotInstance([instance, instance], "yaml");
    expect(yaml.split("---\n")).toHaveLength(2);
    expect(yaml).toMatch(/^kind: bot_instance\nmetadata:\n {2}expires: "2026/);
  });

  const full: BotInstance = {
    ...instance,
    previousInstanceId: "6d1c9a60-0000-4000-8000-000000000000",
    initialHeartbeat: { ...heartbeat, recordedAt: at("12:00:01") },
    latestHeartbeats: [
      {
        ...heartbeat,
        recordedAt: at("12:00:02"),
        isStartup: false,
        uptimeMs: 3500,
        externalUpdater: "teleport-update",
        externalUpdaterVersion: "18.4.1",
        updaterInfo: {
          updateGroup: "prod",
          updateUuid: new Uint8Array([1, 2, 250]),
          updaterStatus: "pinned",
        },
        kind: "terraform-provider",
      },
    ],
    serviceHealth: [
      {
        service: { type: "identity", name: "out" },
        status: "unhealthy",
        reason: "",
        updatedAt: at("12:00:03"),
      },
      { service: { type: "heartbeat", name: "" }, status: "initializing", updatedAt: at("12:00:03") },
    ],
  };

  it("holds every field of a heartbeat, the updater's included, and of the services' health", () => {
    const [document] = JSON.parse(renderBotInstance(full, "json")) as [
      { spec: object; status: Record<string, unknown> },
    ];
    expect(document.spec).toHaveProperty("previous_instance_id");
    expect(document.status["latest_heartbeats"]).toMatchObject([
      {
        uptime: "3.500s",
        external_updater: "teleport-update",
        external_updater_version: "18.4.1",
        updater_info: { UpdateGroup: "prod", UpdateUUID: "AQL6", UpdaterStatus: "UPDATER_STATUS_PINNED" },
        kind: "BOT_KIND_TERRAFORM_PROVIDER",
      },
    ]);
    expect(document.status["latest_heartbeats"]).not.toHaveProperty("0.is_startup");
    expect(document.status["service_health"]).toEqual([
      {
        service: { type: "identity", name: "out" },
        status: "BOT_INSTANCE_HEALTH_STATUS_UNHEALTHY",
        reason: "",
        updated_at: "2026-01-01T12:00:03Z",
      },
      {
        service: { type: "heartbeat" },
        status: "BOT_INSTANCE_HEALTH_STATUS_INITIALIZING",
        updated_at: "2026-01-01T12:00:03Z",
      },
    ]);
  });

  it.each(["yaml", "json"] as const)("is read back whole from %s", (form) => {
    expect(parseBotInstances(renderBotInstance([full, joined], form), "state")).toEqual([full, joined]);
  });

  it.each(Object.entries(samples))("holds the attributes of a join by %s", (method, sample) => {
    const attributes = joinAttrs(tokenWith(method, [sample.rule]), sample.claims);
    const authentication = {
      ...first,
      joinMethod: method,
      joinAttrs: attributes,
      metadata: { any: { thing: [1] } },
    };
    const other = createBotInstance({
      botName: "b",
      instanceId: id,
      authentication,
      certificateExpires: at("13:00:00"),
    });
    expect(parseBotInstances(renderBotInstance(other, "yaml"), "state")).toEqual([other]);
  });

  it.each([
    ["a: b", "ERR_RESOURCE_INVALID", "kind"],
    [
      "{kind: bot_instance, version: v1, metadata: {expires: tomorrow}}",
      "ERR_RESOURCE_INVALID",
      "metadata.expires: must be an RFC 3339 time",
    ],
    [
      "{kind: bot_instance, version: v1, status: {latest_heartbeats: [{recorded_at: 1}]}}",
      "ERR_RESOURCE_INVALID",
      "state:1:78: status.latest_heartbeats[0].recorded_at",
    ],
    [
      "{kind: bot_instance, version: v1, status: {latest_heartbeats: [{recorded_at: 2026-01-01T00:00:00Z, uptime: 1m}]}}",
      "ERR_RESOURCE_INVALID",
      "must be a duration",
    ],
    ["{", "ERR_RESOURCE_SYNTAX", "state:1:"],
    ["#".repeat(4 * 1024 * 1024 + 1), "ERR_RESOURCE_SIZE", "at most"],
  ])("that is none is refused: %.40s", (text, code, message) => {
    const act = () => parseBotInstances(text, "state");
    expect(act).toThrow(expect.objectContaining({ code }));
    expect(act).toThrow(message);
  });

  it("of a user is refused, as the server refuses it", () => {
    for (const form of ["yaml", "json"] as const) {
      const text = renderBotInstance(full, form).replace(/^\[|\]\n$/g, "");
      const report = checkResources(text, "x");
      expect(report.resources).toEqual([]);
      expect(report.problems.map(({ message }) => message)).toEqual([
        'creating resources of type "bot_instance" is not supported',
      ]);
    }
  });

  it("never crashes the reader", () => {
    const key = fc.constantFrom(
      "kind",
      "version",
      "metadata",
      "spec",
      "status",
      "initial_authentication",
      "join_attrs",
      "meta",
      "__proto__",
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom("bot_instance", "v1", 1, null),
        fc.array(tie("tree")),
        fc.dictionary(key, tie("tree")),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        try {
          parseBotInstances(JSON.stringify({ kind: "bot_instance", version: "v1", status: value }), "x");
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_RESOURCE_INVALID" });
        }
      }),
    );
  });
});

it.each([
  [0, "0s"],
  [1200, "1.200s"],
  [3500, "3.500s"],
  [1, "0.001s"],
  [0.001, "0.000001s"],
  [0.000001, "0.000000001s"],
  [999.9999999, "1s"],
  [60_000, "60s"],
  [-1500, "-1.500s"],
])("protobuf's JSON writes %d ms as %s", (ms, expected) => {
  expect(formatProtobufDuration(ms)).toBe(expected);
});
