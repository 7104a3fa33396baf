import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runner } from "@bot-join/runner";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cleanUp } from "./cleanup.ts";
import { openDestinations } from "./destinations.ts";
import { testRun } from "./testing.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bot-join-destinations-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Opens folders as outputs of one run, of the job. */
async function open(paths: string[]) {
  const run = await testRun();
  const [identity] = run.plan.outputs;
  const [first = identity, ...rest] = paths.map((path) => ({
    ...identity,
    destination: { kind: "directory" as const, path: join(folder, path), symlinks: "secure" as const },
  }));
  run.plan.outputs = [first, ...rest];
  const runner: Runner = { ...run.context.runner, saveState() {} };
  run.context.runner = runner;
  return { destinations: await openDestinations(run), runner, logged: run.logged };
}

describe.each([
  ["beside each other", ["made/a", "made/b"]],
  ["beside each other, the longer name first", ["made/longer", "made/b"]],
  ["in one another, from the outside", ["made", "made/in", "made/in/x/y"]],
  ["in one another, from the inside", ["made/in/x/y", "made/in", "made"]],
])("folders %s", (_name, paths) => {
  test("are known by their outputs' places", async () => {
    const { destinations } = await open(paths);
    for (const { destination, index } of destinations.all)
      expect(destination.path).toBe(join(folder, paths[index] ?? ""));
    expect(destinations.all).toHaveLength(paths.length);
    await destinations[Symbol.asyncDispose]();
  });

  test("are gone after a failure", async () => {
    const { destinations } = await open(paths);
    expect(existsSync(join(folder, "made"))).toBe(true);
    await destinations[Symbol.asyncDispose]();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("are gone at the end of the job, without a warning", async () => {
    const { destinations, runner, logged } = await open(paths);
    for (const { destination } of destinations.all) await destination.write(new Map([["key", "x"]]));
    const outputs = destinations.all.map(({ destination }) => destination.manifest());
    await destinations[Symbol.asyncDispose]();
    await cleanUp({ ...runner, getState: () => JSON.stringify({ outputs, variables: [] }) });
    expect(logged.filter((line) => line.startsWith("warn"))).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
