import { X509Certificate } from "node:crypto";
import {
  type Emulator,
  type PlatformJoinMethod,
  platformClaims,
  platforms,
  type ServerMajor,
} from "@bot-join/emulator";
import { parseOpenSshCertificate, readTeleportIdentity } from "@bot-join/formats";
import {
  BotInstanceHealthStatus,
  BotKind,
  CertsSchema,
  SubmitHeartbeatRequestSchema,
  UserCertsRequestSchema,
} from "@bot-join/proto";
import { type BotInstance, botInstanceDocument, parseResources } from "@bot-join/resources";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { platformTokens, startTestEmulator } from "../support/emulator.ts";
import {
  type RawGrpcAnswer,
  type RawIdentity,
  rawAuth,
  rawJoin,
  rawJoinRequest,
  rawKey,
  readRawIdentity,
} from "../support/raw-client.ts";
import { joinRaw, targetOf } from "./joined.ts";

const secret = "0123456789abcdef0123456789abcdef";
const secretToken = parseResources(
  `{kind: token, version: v2, metadata: {name: "${secret}"}, spec: {roles: [Bot], bot_name: robot, join_method: token}}`,
  "secret",
);

async function startWithSecret(version: ServerMajor): Promise<Emulator> {
  const emulator = await startTestEmulator({ version });
  emulator.addResources(secretToken);
  return emulator;
}

async function joinBySecret(emulator: Emulator): Promise<RawIdentity> {
  const key = rawKey();
  return readRawIdentity(key, await rawJoin(targetOf(emulator), rawJoinRequest(key, { token: secret })));
}

async function callAs(
  emulator: Emulator,
  identity: RawIdentity,
  path: string,
  message: Uint8Array,
): Promise<RawGrpcAnswer> {
  using auth = await rawAuth(targetOf(emulator), "bot.test", identity);
  return await auth.unary(path, message);
}

function submit(
  emulator: Emulator,
  identity: RawIdentity,
  request: MessageInitShape<typeof SubmitHeartbeatRequestSchema>,
): Promise<RawGrpcAnswer> {
  const message = toBinary(SubmitHeartbeatRequestSchema, create(SubmitHeartbeatRequestSchema, request));
  return callAs(emulator, identity, "/teleport.machineid.v1.BotInstanceService/SubmitHeartbeat", message);
}

async function renew(emulator: Emulator, identity: RawIdentity): Promise<RawIdentity> {
  const request = create(UserCertsRequestSchema, {
    username: "bot-robot",
    sshPublicKey: Buffer.from(identity.key.publicKeyLine),
    tlsPublicKey: Buffer.from(identity.key.publicKeyPem),
    publicKey: Buffer.from(identity.key.publicKeyLine),
    expires: timestampFromDate(new Date(Date.now() + 3_600_000)),
  });
  const message = toBinary(UserCertsRequestSchema, request);
  const answer = await callAs(emulator, identity, "/proto.AuthService/GenerateUserCerts", message);
  if (answer.status !== 0) throw new Error(answer.message);
  const certs = fromBinary(CertsSchema, answer.messages[0] ?? new Uint8Array());
  return { ...identity, tls: Buffer.from(certs.tls).toString(), ssh: Buffer.from(certs.ssh).toString() };
}

const only = (emulator: Emulator): BotInstance => {
  const [instance, ...others] = emulator.botInstances("robot");
  if (instance === undefined || others.length > 0)
    throw new Error(`${others.length} instances too many, or none`);
  return instance;
};

describe('profiles.md "bot instances"', () => {
  it.each<[ServerMajor, boolean]>([
    ["16", false],
    ["17", true],
    ["18", true],
  ])("profile %s records each join, with attributes: %s", async (version, hasAttributes) => {
    await using emulator = await startTestEmulator({ version });
    const identity = await joinRaw(emulator);
    const instance = only(emulator);
    const certificate = readTeleportIdentity(identity.tls);
    expect(certificate).toMatchObject({
      botInstanceId: instance.instanceId,
      generation: 1,
      botName: "robot",
    });
    expect(parseOpenSshCertificate(identity.ssh).extensions).toMatchObject({
      "bot-instance-id@goteleport.com": instance.instanceId,
    });
    expect(instance.expires?.getTime()).toBe(
      Date.parse(new X509Certificate(identity.tls).validTo) +
        5 * 60_000 +
        ((instance.expires?.getTime() ?? 0) % 1000),
    );
    const attributes = {
      meta: { join_method: "github", join_token_name: "ghcom" },
      github: { sub: "repo:acme/shop:environment:prod", repository: "acme/shop" },
    };
    const record = {
      joinMethod: "github",
      joinToken: "ghcom",
      generation: 1,
      publicKey: identity.key.publicKeyPem,
    };
    expect(instance.initialAuthentication).toMatchObject(record);
    expect(instance.initialAuthentication?.joinAttrs).toEqual(hasAttributes ? attributes : undefined);
    expect(instance.latestAuthentications).toEqual([instance.initialAuthentication]);
    const [inCertificate] = certificate.attributes.joinAttributes ?? [];
    expect(inCertificate === undefined ? undefined : JSON.parse(inCertificate)).toEqual(
      hasAttributes ? attributes : undefined,
    );
    await joinRaw(emulator);
    expect(emulator.botInstances()).toHaveLength(2);
  });

  it.each(Object.keys(platformTokens) as PlatformJoinMethod[])(
    "a join by %s leaves its attributes",
    async (method) => {
      await using emulator = await startTestEmulator();
      emulator.addResources(parseResources(platformTokens[method] ?? "", method));
      const idToken = await emulator.issuer(platforms[method].issuer).sign(platformClaims(method));
      const request = rawJoinRequest(rawKey(), { token: method, id_token: idToken });
      expect((await rawJoin(targetOf(emulator), request)).status).toBe(200);
      const { joinAttrs } = only(emulator).initialAuthentication ?? {};
      expect(Object.keys(joinAttrs ?? {})).toEqual(["meta", method]);
      expect(joinAttrs?.meta).toEqual({ join_method: method, join_token_name: method });
    },
  );
});

describe("a renewable identity (join.md sections 8.4 and 10)", () => {
  it.each<ServerMajor>(["16", "17", "18"])(
    "profile %s: renewals append to the same instance, ten at most",
    async (version) => {
      await using emulator = await startWithSecret(version);
      let identity = await joinBySecret(emulator);
      const { instanceId, initialAuthentication } = only(emulator);
      expect(initialAuthentication).toMatchObject({ joinMethod: "token", joinToken: "", generation: 1 });
      expect(initialAuthentication?.joinAttrs).toEqual(
        version === "16" ? undefined : { meta: { join_method: "token" } },
      );
      expect(JSON.stringify(botInstanceDocument(only(emulator)))).not.toContain(secret);
      for (let round = 0; round < 11; round++) identity = await renew(emulator, identity);
      expect(readTeleportIdentity(identity.tls)).toMatchObject({
        botInstanceId: instanceId,
        generation: 12,
        renewable: true,
      });
      const instance = only(emulator);
      expect(instance.instanceId).toBe(instanceId);
      expect(instance.initialAuthentication).toEqual(initialAuthentication);
      expect(instance.latestAuthentications.map(({ generation }) => generation)).toEqual([
        3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
      ]);
      const last = instance.latestAuthentications.at(-1);
      expect(last).toMatchObject({ joinMethod: "token", joinToken: "" });
      expect(last?.joinAttrs).toBeUndefined();
    },
  );

  it.each<ServerMajor>(["14", "18"])(
    "profile %s: of joins at once with one token a single one succeeds",
    async (version) => {
      await using emulator = await startWithSecret(version);
      const join = () => rawJoin(targetOf(emulator), rawJoinRequest(rawKey(), { token: secret }));
      const statuses = await Promise.all(Array.from({ length: 6 }, join)).then((all) =>
        all.map(({ status }) => status),
      );
      expect(statuses.sort()).toEqual([200, 403, 403, 403, 403, 403]);
    },
  );
});

describe("heartbeats (user-certs.md section 2.10)", () => {
  const heartbeat = {
    isStartup: true,
    version: "1.0.0",
    hostname: "runner",
    uptime: { seconds: 1n, nanos: 200_000_000 },
    joinMethod: "github",
    oneShot: true,
    architecture: "amd64",
    os: "linux",
    kind: BotKind.TBOT_BINARY,
    // Ignored: the server says when.
    recordedAt: timestampFromDate(new Date(0)),
  };
  const serviceHealth = [
    {
      service: { type: "identity", name: "out" },
      status: BotInstanceHealthStatus.HEALTHY,
      updatedAt: timestampFromDate(new Date(0)),
    },
  ];

  it.each<[ServerMajor, string]>([
    ["16", "unspecified"],
    ["17", "unspecified"],
    ["18", "tbot"],
  ])("profile %s records them, kind %s", async (version, kind) => {
    await using emulator = await startTestEmulator({ version });
    const identity = await joinRaw(emulator);
    expect(await submit(emulator, identity, { heartbeat, serviceHealth })).toMatchObject({ status: 0 });
    await submit(emulator, identity, { heartbeat: { ...heartbeat, isStartup: false } });
    const { initialHeartbeat, latestHeartbeats, serviceHealth: health } = only(emulator);
    expect(initialHeartbeat).toMatchObject({
      isStartup: true,
      hostname: "runner",
      uptimeMs: 1200,
      oneShot: true,
      kind,
    });
    expect(Date.now() - (initialHeartbeat?.recordedAt.getTime() ?? 0)).toBeLessThan(60_000);
    expect(latestHeartbeats.map(({ isStartup }) => isStartup)).toEqual([true, false]);
    const known = [{ service: { type: "identity", name: "out" }, status: "healthy", updatedAt: new Date(0) }];
    expect(health).toEqual(version === "18" ? known : []);
  });

  it.each<ServerMajor>(["14", "15"])("profile %s does not know the service", async (version) => {
    await using emulator = await startTestEmulator({ version });
    const identity = await joinRaw(emulator);
    expect(await submit(emulator, identity, { heartbeat })).toMatchObject({
      status: 12,
      message: "unknown service teleport.machineid.v1.BotInstanceService",
    });
    expect(emulator.botInstances()).toEqual([]);
  });

  it("are refused without a body, and from nobody", async () => {
    await using emulator = await startTestEmulator();
    const identity = await joinRaw(emulator);
    expect(await submit(emulator, identity, {})).toMatchObject({
      status: 3,
      message: "heartbeat: must be non-nil",
    });
    using anonymous = await rawAuth(targetOf(emulator), "bot.test", undefined);
    const path = "/teleport.machineid.v1.BotInstanceService/SubmitHeartbeat";
    expect(await anonymous.unary(path, new Uint8Array())).toMatchObject({ status: 7 });
  });
});
