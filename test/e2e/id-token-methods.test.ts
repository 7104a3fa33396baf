import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Emulator, type PlatformJoinMethod, platformClaims, platforms } from "@bot-join/emulator";
import { parseResources } from "@bot-join/resources";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { platformTokens, startTestEmulator } from "../support/emulator.ts";
import { type BundleResult, runBundle } from "../support/run-bundle.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { expectNothingLeaked, privateKeysBelow } from "./secrets.ts";

const methods = Object.keys(platformTokens) as PlatformJoinMethod[];

let emulator: Emulator;
let folder: TempDir;

beforeAll(async () => {
  emulator = await startTestEmulator({ version: "18" });
  emulator.addResources(parseResources(Object.values(platformTokens).join("---\n"), "platformTokens"));
  folder = tempDir();
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Runs `bot-join start` as a job of no platform does: with an ID token in a file. */
async function start(
  method: PlatformJoinMethod,
  name: string,
  claims: Record<string, unknown> = {},
): Promise<BundleResult & { directory: string }> {
  const idToken = await emulator.issuer(platforms[method].issuer).sign(platformClaims(method, claims));
  const job = join(folder.path, name);
  const paths = { token: `${job}.jwt`, ca: `${job}.pem` };
  writeFileSync(paths.token, `${idToken}\n`);
  writeFileSync(paths.ca, emulator.webCaPem);
  const result = await runBundle("bot-join.cjs", {
    args: [
      "start",
      `--proxy-server=${emulator.proxyAddress}`,
      `--token=${method}`,
      `--join-method=${method}`,
      `--id-token-file=${paths.token}`,
      `--ca-file=${paths.ca}`,
      `--destination-dir=${job}`,
      "--format=json",
      "--oneshot",
    ],
    env: {},
  });
  const secrets = [{ what: "the ID token", value: idToken }, ...privateKeysBelow(folder.path)];
  expectNothingLeaked(secrets, [result], folder.path, [paths.token]);
  return { ...result, directory: job };
}

describe("a job with an ID token in a file", () => {
  test.each(methods)(
    "joins by %s and leaves its bot instance, with its attributes and a heartbeat",
    async (method) => {
      const { status, stdout, stderr, directory } = await start(method, method);
      expect(status, stderr).toBe(0);
      const outputs = JSON.parse(stdout) as Record<string, string>;
      expect(outputs).toMatchObject({
        cluster: "bot.test",
        bot: "robot",
        roles: "ssh-access,deploy-only",
        directory,
      });
      expect(readdirSync(directory)).toContain("identity");

      const instance = emulator
        .botInstances("robot")
        .find(({ instanceId }) => instanceId === outputs["bot-instance-id"]);
      expect(instance?.initialAuthentication).toMatchObject({
        joinMethod: method,
        joinToken: method,
        generation: 1,
      });
      const attributes = instance?.initialAuthentication?.joinAttrs;
      expect(attributes).toMatchObject({ meta: { join_method: method, join_token_name: method } });
      expect(Object.keys(attributes ?? {})).toHaveLength(2);
      expect(instance?.latestHeartbeats).toMatchObject([
        { isStartup: true, oneShot: true, joinMethod: method },
      ]);
      expect(instance?.serviceHealth).toMatchObject([{ service: { type: "identity", name: "identity-1" } }]);
    },
  );

  test.each<[PlatformJoinMethod, Record<string, unknown>]>([
    ["github", { environment: "dev" }],
    ["gitlab", { ref_protected: "false" }],
    ["circleci", { "oidc.circleci.com/context-ids": [] }],
    ["bitbucket", { branchName: "dev" }],
    ["spacelift", { scope: "read" }],
    ["azure_devops", { sub: "p://acme/platform/other" }],
    ["terraform_cloud", { terraform_run_phase: "plan" }],
    ["kubernetes", { sub: "system:serviceaccount:ci:other" }],
    ["gcp", { google: { compute_engine: { project_id: "other", zone: "us-west1-b" } } }],
  ])("is refused by %s with claims that no rule fits, and told what it showed", async (method, claims) => {
    const { status, stdout, stderr, directory } = await start(method, `${method}-refused`, claims);
    expect({ status, stdout }, stderr).toEqual({ status: 3, stdout: "" });
    expect(stderr).toContain("ERR_JOIN_CLAIMS_NOT_ALLOWED");
    expect(stderr).toContain(`join_method: ${method}`);
    expect(existsSync(directory)).toBe(false);
  });
});
