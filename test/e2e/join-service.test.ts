import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Emulator, type PlatformJoinMethod, platformClaims, platforms } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { joinServiceTokens, platformTokens, startTestEmulator } from "../support/emulator.ts";
import { type BundleResult, runBundle } from "../support/run-bundle.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { expectNothingLeaked, privateKeysBelow } from "./secrets.ts";

const tokens = { ...platformTokens, ...joinServiceTokens };
const methods = Object.keys(tokens) as PlatformJoinMethod[];

const secret = "one-time-secret-of-robot";
const secretToken = `kind: token
version: v2
metadata: {name: ${secret}}
spec: {roles: [Bot], bot_name: robot, join_method: token}
`;

/** How a cluster answers whose operator has switched the older ways to join off. */
const httpJoinOff = { join: { status: 501, body: '{"error":{"message":"legacy joining is disabled"}}' } };

let folder: TempDir;

beforeEach(() => {
  folder = tempDir();
});
afterEach(() => folder[Symbol.dispose]());

async function start(version: "17" | "18"): Promise<Emulator> {
  const emulator = await startTestEmulator({ version });
  if (version === "18") {
    emulator.addResources(
      parseResources([...Object.values(tokens), secretToken].join("---\n"), "join-service"),
    );
  }
  return emulator;
}

function idTokenOf(
  emulator: Emulator,
  method: PlatformJoinMethod,
  claims: Record<string, unknown> = {},
): Promise<string> {
  return emulator.issuer(platforms[method].issuer).sign(platformClaims(method, claims));
}

/** Runs `bot-join start`. */
async function run(
  emulator: Emulator,
  args: string[],
  env: Record<string, string> = {},
): Promise<BundleResult & { directory: string }> {
  const directory = join(folder.path, "out");
  const ca = join(folder.path, "ca.pem");
  writeFileSync(ca, emulator.webCaPem);
  const result = await runBundle("bot-join.cjs", {
    args: [
      "start",
      `--proxy-server=${emulator.proxyAddress}`,
      `--ca-file=${ca}`,
      `--destination-dir=${directory}`,
      "--format=json",
      "--oneshot",
      ...args,
    ],
    env,
  });
  return { ...result, directory };
}

describe("env0, which joins over teleport.join.v1 alone", () => {
  const job = { ENV0_ENVIRONMENT_ID: "1", ENV0_PROJECT_ID: "2" };

  test("joins with what the platform sets, and asks for nothing over HTTP", async () => {
    await using emulator = await start("18");
    const idToken = await idTokenOf(emulator, "env0");
    const result = await run(emulator, ["--token=env0"], { ...job, ENV0_OIDC_TOKEN: idToken });
    const { status, stdout, stderr, directory } = result;
    expect(status, stderr).toBe(0);
    const outputs = JSON.parse(stdout) as Record<string, string>;
    expect(outputs).toMatchObject({ cluster: "bot.test", bot: "robot", roles: "ssh-access,deploy-only" });
    expect(readdirSync(directory)).toContain("identity");
    expect(stderr).toContain("This job runs on env0: ENV0_OIDC_TOKEN is set,");
    expect(emulator.counters).toMatchObject({
      connections: 2,
      handshakes: { web: 0, "join-grpc": 1, auth: 1 },
    });
    const instance = emulator
      .botInstances("robot")
      .find(({ instanceId }) => instanceId === outputs["bot-instance-id"]);
    expect(instance?.initialAuthentication).toMatchObject({ joinMethod: "env0", joinToken: "env0" });
    expect(instance?.latestHeartbeats).toMatchObject([{ joinMethod: "env0", isStartup: true }]);
    const secrets = [{ what: "the ID token", value: idToken }, ...privateKeysBelow(folder.path)];
    expectNothingLeaked(secrets, [result], folder.path, []);
  });

  test("is told, where no rule fits, what it showed and what the token would need", async () => {
    await using emulator = await start("18");
    const env = { ...job, ENV0_OIDC_TOKEN: await idTokenOf(emulator, "env0", { projectName: "other" }) };
    const { status, stderr, directory } = await run(emulator, ["--token=env0"], env);
    expect(status, stderr).toBe(3);
    expect(stderr).toContain("ERR_JOIN_CLAIMS_NOT_ALLOWED");
    expect(stderr).toContain("project_name");
    expect(stderr).toContain("join_method: env0");
    expect(existsSync(directory)).toBe(false);
  });

  test("is told that a cluster is too old, and how old", async () => {
    await using emulator = await start("17");
    const env = { ...job, ENV0_OIDC_TOKEN: await idTokenOf(emulator, "env0") };
    const { status, stderr } = await run(emulator, ["--token=env0"], env);
    expect(status, stderr).not.toBe(0);
    expect(stderr).toContain("ERR_JOIN_SERVER_TOO_OLD");
    expect(stderr).toContain("Teleport 17.7.4");
    expect(stderr).toContain("needs Teleport 18.4 or newer");
  });

  test.each([
    ["told before", ["--fips"], 1],
    ["found out, at the price of a second join", [], 2],
  ])("joins a cluster that takes RSA keys alone, %s", async (_how, args, joins) => {
    await using emulator = await startTestEmulator({ version: "18", rsaOnly: true });
    emulator.addResources(parseResources(Object.values(joinServiceTokens).join("---\n"), "env0"));
    const env = { ...job, ENV0_OIDC_TOKEN: await idTokenOf(emulator, "env0") };
    const { status, stderr } = await run(emulator, ["--token=env0", ...args], env);
    expect(status, stderr).toBe(0);
    expect(emulator.counters.handshakes["join-grpc"]).toBe(joins);
  });
});

describe("a cluster that has switched joining over HTTP off", () => {
  test.each(methods.filter((method) => method !== "env0"))("is joined by %s over gRPC", async (method) => {
    await using emulator = await start("18");
    emulator.setFaults(httpJoinOff);
    const idToken = join(folder.path, "token.jwt");
    writeFileSync(idToken, await idTokenOf(emulator, method));
    const args = [`--token=${method}`, `--join-method=${method}`, `--id-token-file=${idToken}`];
    const { status, stdout, stderr } = await run(emulator, args);
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ bot: "robot" });
    expect(emulator.counters.handshakes).toMatchObject({ web: 1, "join-grpc": 1 });
  });

  test("is joined by a secret token over gRPC, which uses the token up", async () => {
    await using emulator = await start("18");
    emulator.setFaults(httpJoinOff);
    const args = [`--token=${secret}`, "--join-method=token"];
    const first = await run(emulator, args);
    expect(first.status, first.stderr).toBe(0);
    const second = await run(emulator, args);
    expect(second.stderr).toContain("ERR_JOIN_TOKEN_NOT_FOUND");
    expectNothingLeaked([{ what: "the token", value: secret }], [first, second], folder.path, []);
  });

  test("and has no join service either: the answer over HTTP is what is said", async () => {
    await using emulator = await start("17");
    emulator.setFaults(httpJoinOff);
    const idToken = join(folder.path, "token.jwt");
    writeFileSync(idToken, await idTokenOf(emulator, "github"));
    const args = ["--token=ghcom", "--join-method=github", `--id-token-file=${idToken}`];
    const { status, stderr } = await run(emulator, args);
    expect(status, stderr).not.toBe(0);
    expect(stderr).toContain("legacy joining is disabled (HTTP 501)");
    expect(stderr).not.toContain("ERR_JOIN_SERVER_TOO_OLD");
  });
});

describe("the platform that a job runs on", () => {
  const job = { GITLAB_CI: "true", CI_JOB_ID: "1", KUBERNETES_SERVICE_HOST: "10.0.0.1" };

  test("is said with its signs, once, and what only hosts it", async () => {
    await using emulator = await start("18");
    const env = { ...job, TBOT_GITLAB_JWT: await idTokenOf(emulator, "gitlab") };
    const { status, stderr } = await run(emulator, ["--token=gitlab"], env);
    expect(status, stderr).toBe(0);
    const said =
      "This job runs on GitLab CI: GITLAB_CI is true and CI_JOB_ID is set; Kubernetes only hosts the job";
    expect(stderr.split(said)).toHaveLength(2);
    const named = await run(emulator, ["--token=gitlab", "--join-method=gitlab"], env);
    expect(named.stderr).not.toContain("This job runs on");
  });

  test("a token that no cluster takes is refused before anything goes over the network", async () => {
    await using emulator = await start("18");
    const env = { ...job, TBOT_GITLAB_JWT: await idTokenOf(emulator, "gitlab", { aud: "https://bot.test" }) };
    const { status, stderr } = await run(emulator, ["--token=gitlab"], env);
    expect(status, stderr).not.toBe(0);
    expect(stderr).toContain("ERR_IDTOKEN_AUDIENCE_MISMATCH");
    expect(emulator.counters.connections).toBe(0);
  });
});
