import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BotInstances, StateDirectory } from "@bot-join/emulator";
import {
  checkToken,
  createBotInstance,
  joinAttrs,
  matchToken,
  parseResources,
  renderBotInstance,
  type TokenResource,
} from "@bot-join/resources";
import { githubIssuer, startTestEmulator, testResources } from "../support/emulator.ts";
import { rawJoin, rawJoinRequest, rawKey } from "../support/raw-client.ts";
import { bundlePath } from "../support/run-bundle.ts";
import { systemClock } from "../support/system-clock.ts";
import { runTimed } from "./child.ts";
import { median, ms, printTable } from "./report.ts";

const ruleCounts = [10, 100, 1000];
const documentCounts = [10, 100, 1000];
const instanceCounts = [100, 1000, 10_000];
const joinCounts = [50, 100, 200];

const { publicKeyPem } = rawKey();

const commandTimeoutMs = 60_000;

/** Bot instances that are added to measure one. */
const addedInstances = 20;

const claims = {
  repository: "acme/shop",
  repository_owner: "acme",
  ref: "refs/heads/main",
  environment: "production",
  workflow: "deploy",
};

function tokenText(name: string, rules: number): string {
  const rule = (index: number): string =>
    `    - {repository: acme/shop, ref: refs/heads/main, environment: stage-${index}, workflow: deploy}\n`;
  return `kind: token\nversion: v2\nmetadata: {name: ${name}}\nspec:\n  roles: [Bot]\n  bot_name: robot\n  join_method: github\n  github:\n    allow:\n${Array.from({ length: rules }, (_, index) => rule(index)).join("")}`;
}

function token(rules: number): TokenResource {
  const [found] = parseResources(tokenText("ghcom", rules), "test/bench/tokens.ts");
  if (found?.kind !== "token") throw new TypeError("the token was not read");
  return found;
}

const ghcom = token(1);

function timed(runs: number, action: () => unknown): number {
  const walls = Array.from({ length: runs }, () => {
    const started = performance.now();
    action();
    return performance.now() - started;
  });
  return median(walls);
}

async function command(runs: number, args: string[]): Promise<number> {
  const walls: number[] = [];
  for (let run = 0; run < runs; run++) {
    const child = await runTimed(process.execPath, [bundlePath("bot-join.cjs"), ...args], {
      env: {},
      timeoutMs: commandTimeoutMs,
    });
    if (child.status !== 0) throw new Error(`${args.join(" ")} ended with ${child.status}:\n${child.stderr}`);
    walls.push(child.wallMs);
  }
  return median(walls);
}

const each = (wallMs: number, count: number): string => `${((wallMs * 1000) / count).toFixed(1)} µs`;

function benchMatching(runs: number): void {
  const rows = ruleCounts.map((count) => {
    const rules = token(count);
    // Often enough for the clock, and warm.
    const wallMs = timed(runs * 20, () => matchToken(rules, claims));
    return [String(count), each(wallMs, 1), each(wallMs, count)];
  });
  printTable("Matching", ["rules of four fields, none fits", "whole trace", "each rule"], rows);
}

async function benchChecking(runs: number, directory: string): Promise<void> {
  const rows: string[][] = [];
  for (const count of documentCounts) {
    const text = Array.from({ length: count }, (_, index) => tokenText(`token-${index}`, 2)).join("---\n");
    const file = join(directory, `tokens-${count}.yaml`);
    writeFileSync(file, text);
    const wallMs = timed(runs, () => checkToken(text, file));
    const commandMs = await command(runs, ["tokens", "check", file]);
    rows.push([String(count), ms(wallMs), each(wallMs, count), ms(commandMs)]);
  }
  printTable(
    "Checking",
    ["documents in a file", "checkToken", "each document", "`bot-join tokens check`"],
    rows,
  );
}

function makeInstances(directory: string, count: number): void {
  const now = systemClock.now();
  mkdirSync(join(directory, "bot_instance", "robot"), { recursive: true });
  for (let index = 0; index < count; index++) {
    const instance = createBotInstance({
      botName: "robot",
      instanceId: randomUUID(),
      authentication: authentication(now),
      certificateExpires: new Date(now.getTime() + 3_600_000),
    });
    // As the state directory has it, without waiting for the disk each time.
    const path = join(directory, "bot_instance", "robot", `${instance.instanceId}.yaml`);
    writeFileSync(path, renderBotInstance(instance, "yaml"));
  }
}

function authentication(authenticatedAt: Date): Parameters<typeof createBotInstance>[0]["authentication"] {
  return {
    authenticatedAt,
    joinMethod: "github",
    joinToken: ghcom.name,
    generation: 1,
    publicKey: publicKeyPem,
    joinAttrs: joinAttrs(ghcom, claims),
  };
}

async function benchInstances(runs: number, directory: string): Promise<void> {
  const rows: string[][] = [];
  for (const count of instanceCounts) {
    const state = join(directory, `state-${count}`);
    makeInstances(state, count);
    const instances = new BotInstances(systemClock, new StateDirectory(state, () => undefined).instances);
    const [some] = instances.list();
    if (some === undefined) throw new TypeError("there are no instances");
    const id = `${some.botName}/${some.instanceId}`;
    const listMs = await command(runs, ["bots", "instances", "list", `--state-dir=${state}`]);
    const showMs = await command(runs, ["bots", "instances", "show", id, `--state-dir=${state}`]);
    const warmMs = timed(runs, () => instances.list());
    const addMs = timed(addedInstances, () =>
      instances.create({
        botName: "robot",
        instanceId: randomUUID(),
        authentication: authentication(systemClock.now()),
        certificateExpires: new Date(systemClock.now().getTime() + 3_600_000),
      }),
    );
    rows.push([String(count), ms(listMs), ms(showMs), ms(warmMs), ms(addMs)]);
  }
  printTable(
    "Bot instances",
    [
      "instances in the state directory",
      "`bots instances list`",
      "`bots instances show`",
      "list in a running emulator",
      "add one, on the disk",
    ],
    rows,
    ["Of a command about 130 ms are the start of Node and the load of the bundle."],
  );
}

async function benchJoinsAtOnce(version: "14" | "18", directory: string): Promise<void> {
  const rows: string[][] = [];
  for (const count of joinCounts) {
    await using emulator = await startTestEmulator({
      version,
      resources: parseResources(testResources, "test/support/emulator.ts"),
      stateDirectory: join(directory, `joins-${count}`),
    });
    const issuer = emulator.issuer(githubIssuer);
    const target = { address: emulator.proxyAddress, ca: emulator.webCaPem };
    const prepare = async () => {
      const key = rawKey();
      const idToken = await issuer.sign({
        ...claims,
        aud: "teleport.cluster.local",
        sub: "repo:acme/shop:x",
      });
      return rawJoinRequest(key, { token: "ghcom", id_token: idToken });
    };
    // One before, so that no key of the cluster is made meanwhile.
    await rawJoin(target, await prepare());
    const requests = await Promise.all(Array.from({ length: count }, prepare));
    const started = performance.now();
    const answers = await Promise.all(requests.map((request) => rawJoin(target, request)));
    const wallMs = performance.now() - started;
    const failed = answers.filter(({ status }) => status !== 200).length;
    rows.push([String(count), ms(wallMs), ms(wallMs / count), String(failed)]);
  }
  printTable("Joins at once", ["joins", "until the last answer", "each", "refused"], rows, [
    "Each on a connection of its own, with a state directory on the disk; client and emulator share one thread.",
  ]);
}

/** Prints what checking, matching and recording cost, each at three sizes. */
export async function benchTokens(options: {
  runs: number;
  version: "14" | "18";
  directory: string;
}): Promise<void> {
  const { runs, version, directory } = options;
  mkdirSync(directory);
  benchMatching(runs);
  await benchChecking(runs, directory);
  await benchInstances(runs, directory);
  await benchJoinsAtOnce(version, directory);
}
