import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDestination } from "./destination.ts";
import { lockFileName, takeLock } from "./lock.ts";
import { type OutputDeps, systemDeps } from "./output-deps.ts";
import { failure, inChild, temporaryFolder } from "./test-support.ts";

const deps: OutputDeps = {
  ...systemDeps(),
  pid: 1000,
  hostName: "runner-1",
  isProcessAlive: (pid) => pid < 2000,
};

function holder(over: object = {}): string {
  return JSON.stringify({ pid: 2500, host: "runner-1", nonce: "0123456789abcdef", ...over });
}

describe("a lock of somebody else", () => {
  test.for<[string, string]>([
    ["a running process of this machine", holder({ pid: 1500 })],
    ["another machine, whose processes cannot be seen", holder({ host: "runner-2" })],
    ["nobody knows whom: an empty file", ""],
    ["nobody knows whom: no JSON", "{"],
    ["nobody knows whom: JSON of another shape", '{"pid":"2500"}'],
    ["nobody knows whom: a nonce that is a path", holder({ nonce: "../../../../tmp/x" })],
  ])("%s keeps the directory busy", async ([, content]) => {
    using folder = await temporaryFolder();
    const path = join(folder.path, lockFileName);
    writeFileSync(path, content);
    const error = await failure(takeLock(folder.path, deps), "ERR_OUTPUT_DIRECTORY_BUSY");
    expect(error.message).toContain(folder.path);
    expect(error.hint).toContain(lockFileName);
    expect(readFileSync(path, "utf8")).toBe(content);
  });

  test.for<[string, string]>([
    ["a process that is gone", holder()],
    ["an earlier process that had our number", holder({ pid: 1000 })],
  ])("%s is taken over", async ([, content]) => {
    using folder = await temporaryFolder();
    const path = join(folder.path, lockFileName);
    writeFileSync(path, content);
    const lock = await takeLock(folder.path, deps);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: 1000, host: "runner-1" });
    await failure(takeLock(folder.path, deps), "ERR_OUTPUT_DIRECTORY_BUSY");
    await lock.release();
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

test("of many that find a stale lock at once, exactly one takes it over", async () => {
  for (let round = 0; round < 20; round++) {
    using folder = await temporaryFolder();
    writeFileSync(join(folder.path, lockFileName), holder());
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => takeLock(folder.path, { ...deps, pid: 1000 + index })),
    );
    const taken = results.filter((result) => result.status === "fulfilled");
    expect(taken).toHaveLength(1);
    for (const { value } of taken) await value.release();
    expect(readdirSync(folder.path)).toEqual([]);
  }
});

test("one that comes late to a take-over sees the new holder and gives up", async () => {
  using folder = await temporaryFolder();
  const path = join(folder.path, lockFileName);
  writeFileSync(path, holder());
  const late: OutputDeps = {
    ...deps,
    pid: 1001,
    // Between finding the lock stale and acting on it, another process replaces it.
    isProcessAlive() {
      writeFileSync(path, holder({ pid: 1002, nonce: "fedcba9876543210" }));
      return false;
    },
  };
  const error = await failure(takeLock(folder.path, late), "ERR_OUTPUT_DIRECTORY_BUSY");
  expect(error.message).toContain("process 1002 on runner-1");
  expect(readdirSync(folder.path)).toEqual([lockFileName]);
});

test("releasing leaves the lock of a successor alone", async () => {
  using folder = await temporaryFolder();
  const path = join(folder.path, lockFileName);
  const lock = await takeLock(folder.path, deps);
  writeFileSync(path, holder({ pid: 1002 }));
  await lock.release();
  expect(existsSync(path)).toBe(true);
});

describe("two joins into one folder at once", () => {
  test("in one process: one of them is told so, the other writes", async () => {
    using folder = await temporaryFolder();
    const path = join(folder.path, "out");
    const results = await Promise.allSettled([1, 2, 3].map(() => openDestination(path, systemDeps())));
    const opened = results.filter((result) => result.status === "fulfilled").map((result) => result.value);
    expect(opened).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected")
        expect(result.reason).toMatchObject({ code: "ERR_OUTPUT_DIRECTORY_BUSY" });
    }
    for (const destination of opened) {
      await destination.write(new Map([["key", "x"]]));
      await destination[Symbol.asyncDispose]();
    }
    expect(readdirSync(path)).toEqual(["key"]);
  });

  test("in two processes: the second is told which process is writing", async () => {
    using folder = await temporaryFolder();
    const open = `await outputs.openDestination(${JSON.stringify(folder.path)}, outputs.systemDeps())`;
    {
      await using _ = await openDestination(folder.path, systemDeps());
      const result = await inChild(`await using d = ${open};`, { asRoot: true });
      expect(result).toMatchObject({ code: "ERR_OUTPUT_DIRECTORY_BUSY" });
      expect(result.message).toContain(`process ${process.pid} on `);
    }
    // A process that ends without disposing leaves its lock; the next one takes it over.
    expect(await inChild(`${open}; return "left"`, { asRoot: true })).toEqual({ value: "left" });
    expect(readdirSync(folder.path)).toEqual([lockFileName]);
    {
      await using destination = await openDestination(folder.path, systemDeps());
      expect(destination.created).toBe(false);
    }
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
