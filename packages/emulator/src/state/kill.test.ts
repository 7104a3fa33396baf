import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readTeleportIdentity } from "@bot-join/formats";
import { parseResources, resourceDocument } from "@bot-join/resources";
import { expect, it } from "vitest";
import { platformTokens, testResources } from "../../../../test/support/emulator.ts";
import {
  type RawTarget,
  rawJoin,
  rawJoinRequest,
  rawKey,
  readRawIdentity,
} from "../../../../test/support/raw-client.ts";
import { tempDir } from "../../../../test/support/temp-dir.ts";
import { StateDirectory } from "./state-directory.ts";

const program = fileURLToPath(new URL("./test-emulator-process.ts", import.meta.url));
const wantedJoins = 200;
const joinsAtOnce = 8;

interface Running extends RawTarget {
  idTokens: string[];
  /** Ends the process at once, as a crash would. */
  kill(): Promise<void>;
}

async function start(stateDirectory: string, resources: string): Promise<Running> {
  const child = spawn(process.execPath, [program, stateDirectory, resources, "40"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const { proxyAddress, webCaPem, idTokens } = JSON.parse(line) as {
      proxyAddress: string;
      webCaPem: string;
      idTokens: string[];
    };
    const kill = async (): Promise<void> => {
      child.kill("SIGKILL");
      await exited;
    };
    return { address: proxyAddress, ca: webCaPem, idTokens, kill };
  }
  throw new Error("the emulator ended before it had started");
}

/** Joins with several connections until it is killed after so many answers; gives the ids that were acknowledged. */
async function joinUntilKilled(emulator: Running, answers: number, delayMs: number): Promise<string[]> {
  const acknowledged: string[] = [];
  let killed: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (
      let idToken = emulator.idTokens.pop();
      idToken !== undefined && killed === undefined;
      idToken = emulator.idTokens.pop()
    ) {
      const key = rawKey();
      const answer = await rawJoin(emulator, rawJoinRequest(key, { token: "github", id_token: idToken }));
      acknowledged.push(readTeleportIdentity(readRawIdentity(key, answer).tls).botInstanceId ?? "");
      // Not between two answers but anywhere in the work for the next ones.
      if (acknowledged.length >= answers) {
        killed ??= new Promise<void>((resolve) => setTimeout(resolve, delayMs)).then(() => emulator.kill());
      }
    }
  };
  // What is under way when the process is killed fails, and was not acknowledged.
  await Promise.allSettled(Array.from({ length: joinsAtOnce }, work));
  await (killed ?? emulator.kill());
  return acknowledged;
}

it("loses no acknowledged join or resource when it is killed at random moments during 200 joins", {
  timeout: 120_000,
}, async () => {
  using folder = tempDir();
  const state = join(folder.path, "state");
  const resources = join(folder.path, "resources.yaml");
  writeFileSync(resources, `${testResources}---\n${platformTokens["github"]}`);
  const acknowledged: string[] = [];
  let kills = 0;
  while (acknowledged.length < wantedJoins) {
    const emulator = await start(state, resources);
    acknowledged.push(
      ...(await joinUntilKilled(emulator, 10 + Math.floor(Math.random() * 25), Math.random() * 15)),
    );
    kills++;
    // Only the first start makes the resources; what it acknowledged has to be there in all others.
    writeFileSync(resources, "");
  }
  const problems: unknown[] = [];
  const directory = new StateDirectory(state, (problem) => problems.push(problem));
  const kept = new Set([...directory.instances.all("robot")].map(({ instanceId }) => instanceId));
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  expect(kills).toBeGreaterThan(4);
  directory.removeLeftovers();
  expect(problems).toEqual([]);
  const documents = directory
    .documents()
    .flatMap((stored) => (stored.kind === "lock" ? [] : [resourceDocument(stored)]));
  const made = parseResources(`${testResources}---\n${platformTokens["github"]}`, "made").map(
    resourceDocument,
  );
  expect(documents).toHaveLength(made.length);
  expect(documents).toEqual(expect.arrayContaining(made));
  expect(readdirSync(join(state, "bot_instance", "robot")).some((name) => name.startsWith("."))).toBe(false);
});
