import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readTeleportIdentity } from "@bot-join/formats";
import { UserCertsRequestSchema } from "@bot-join/proto";
import { createBotInstance, renderBotInstance } from "@bot-join/resources";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempDir, tempDir } from "../../../../test/support/temp-dir.ts";
import { clientKey, createTestCluster, keyForms, secretToken, type TestCluster } from "../test-cluster.ts";
import { BotInstances } from "./bot-instances.ts";
import { StateDirectory } from "./state-directory.ts";

let folder: TempDir;
let state: string;
beforeEach(() => {
  folder = tempDir();
  state = join(folder.path, "state");
});
afterEach(() => folder[Symbol.dispose]());

/** A cluster on the state directory; the first makes the resources, later ones find them. */
const open = (version: "14" | "18", isFirst: boolean): Promise<TestCluster> =>
  createTestCluster(version, { stateDirectory: state }, isFirst);

function renew(test: TestCluster, certificatePem: string): string {
  const { ssh, tls } = keyForms(clientKey);
  const request = create(UserCertsRequestSchema, {
    username: "bot-robot",
    publicKey: ssh,
    sshPublicKey: ssh,
    tlsPublicKey: tls,
    expires: timestampFromDate(new Date(test.now().getTime() + 600_000)),
  });
  const caller = test.cluster.authenticate(certificatePem);
  return Buffer.from(test.cluster.rpc.generateUserCerts(caller, request).tls).toString();
}

describe("a cluster that is started again on its state directory", () => {
  it.each(["14", "18"] as const)(
    "profile %s: knows its bots, has the same authorities, goes on counting",
    async (version) => {
      const first = await open(version, true);
      const { answer } = await first.join({ token: secretToken });
      const second = await open(version, false);
      expect(second.cluster.authorities.user.tlsCertificatePem).toBe(
        first.cluster.authorities.user.tlsCertificatePem,
      );
      expect(second.cluster.authorities.host.sshPublicKey).toEqual(
        first.cluster.authorities.host.sshPublicKey,
      );
      const renewed = renew(second, answer.tls);
      expect(readTeleportIdentity(renewed).generation).toBe(2);
      const third = await open(version, false);
      expect(() => renew(third, answer.tls)).toThrow("stored=2, presented=1");
      // The lock is there for the next one too.
      const fourth = await open(version, false);
      expect(() => fourth.cluster.authenticate(renewed)).toThrow("access denied");
      for (const name of readdirSync(join(state, "lock"))) rmSync(join(state, "lock", name));
      expect(readTeleportIdentity(renew(fourth, renewed)).generation).toBe(3);
      if (version === "14") return;
      expect(fourth.cluster.listBotInstances("robot")).toMatchObject([
        { latestAuthentications: [{ generation: 1 }, { generation: 2 }, { generation: 3 }] },
      ]);
    },
  );

  it("does not take a token again that was used up", async () => {
    await (await open("18", true)).join({ token: secretToken });
    await expect((await open("18", false)).join({ token: secretToken })).rejects.toThrow(
      "expired or not found",
    );
  });

  it("keeps everything to its owner", async () => {
    await (await open("18", true)).join();
    const file = join(state, "token", "ghcom.yaml");
    expect(readFileSync(file, "utf8")).toContain("join_method: github\n");
    expect([state, join(state, "token"), file].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o700, 0o700, 0o600,
    ]);
  });
});

describe("documents that are changed by hand", () => {
  it("count from the next request on", async () => {
    const test = await open("18", true);
    const file = join(state, "token", "ghcom.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("acme/shop", "acme/other"));
    await expect(test.join()).rejects.toThrow("did not match any allow rules");
    writeFileSync(join(state, "token", "mine.yaml"), text.replace("name: ghcom", "name: mine"));
    await expect(test.join({ token: "mine" })).resolves.toBeDefined();
    rmSync(join(state, "token", "mine.yaml"));
    await expect(test.join({ token: "mine" })).rejects.toThrow("token expired or not found");
  });

  it("hold as they were while they say nothing usable", async () => {
    const test = await open("18", true);
    const file = join(state, "token", "ghcom.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, "kind: tok");
    await expect(test.join()).resolves.toBeDefined();
    await expect(test.join()).resolves.toBeDefined();
    const problems = test.events.filter(({ type }) => type === "state-problem");
    expect(problems).toMatchObject([
      { path: file, message: expect.stringContaining('kind "tok" is not known') },
    ]);
    writeFileSync(file, text.replace("acme/shop", "acme/other"));
    await expect(test.join()).rejects.toThrow("did not match any allow rules");
  });

  it("stop the start when they are unusable", async () => {
    await open("18", true);
    writeFileSync(join(state, "token", "two.yaml"), "kind: token\n---\nkind: token\n");
    await expect(open("18", false)).rejects.toMatchObject({
      code: "ERR_EMULATOR_STATE",
      message: expect.stringContaining(join(state, "token", "two.yaml")),
    });
  });

  it("cannot be kept where there is no folder", async () => {
    writeFileSync(state, "");
    await expect(open("18", true)).rejects.toMatchObject({ code: "ERR_EMULATOR_STATE", kind: "user" });
  });

  it("of a bot instance that is removed make the bot's renewal fail", async () => {
    const test = await open("18", true);
    const { answer } = await test.join({ token: secretToken });
    const id = readTeleportIdentity(answer.tls).botInstanceId;
    rmSync(join(state, "bot_instance", "robot", `${id}.yaml`));
    expect(() => renew(test, answer.tls)).toThrow(
      `cert generation mismatch for bot robot/${id}: instance not found, presented=1`,
    );
  });
});

it("drops bot instances whose time is over, files included", async () => {
  const test = await open("18", true);
  await test.join();
  const [instance] = test.cluster.listBotInstances();
  const file = join(state, "bot_instance", "robot", `${instance?.instanceId}.yaml`);
  expect(existsSync(file)).toBe(true);
  test.advance(65 * 60_000 + 1000);
  expect(test.cluster.listBotInstances()).toEqual([]);
  expect(existsSync(file)).toBe(false);
});

it("keeps ten thousand bot instances, each found, listed and added without reading the others", {
  timeout: 120_000,
}, () => {
  const clock = { now: () => new Date("2026-01-01T12:00:00Z"), sleep: () => Promise.resolve() };
  const directory = new StateDirectory(state, () => undefined);
  const authentication = {
    authenticatedAt: clock.now(),
    joinMethod: "github",
    joinToken: "t",
    generation: 1,
    publicKey: "key",
  };
  const certificateExpires = new Date("2026-01-01T13:00:00Z");
  for (let index = 0; index < 10_000; index++) {
    const botName = `bot-${index % 10}`;
    const instance = createBotInstance({
      botName,
      instanceId: `i-${index}`,
      authentication,
      certificateExpires,
    });
    const path = join(state, "bot_instance", botName, `i-${index}.yaml`);
    mkdirSync(dirname(path), { recursive: true });
    // As put writes them, but for the syncing, which ten thousand times would take minutes on some disks.
    writeFileSync(path, renderBotInstance(instance, "yaml"));
  }
  const instances = new BotInstances(clock, directory.instances);
  const joined = { botName: "bot-3", instanceId: "new", authentication, certificateExpires };
  expect(instances.get("bot-3", "i-9993")).toMatchObject({ instanceId: "i-9993" });
  instances.create(joined);
  expect(instances.list("bot-3")).toHaveLength(1001);
  expect(instances.list()).toHaveLength(10_001);
  expect(instances.list().at(0)).toBe(instances.list().at(0));
});
