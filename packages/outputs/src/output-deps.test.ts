import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { systemDeps } from "./output-deps.ts";

test("a process that runs is alive, one that has ended is not", async () => {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  expect(systemDeps().isProcessAlive(pid)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "close");
  expect(systemDeps().isProcessAlive(pid)).toBe(false);
});

test.skipIf(process.platform !== "linux")("a process that nobody has waited for is not alive", async () => {
  // The shell becomes a program that never waits for the child it has started.
  const parent = spawn("sh", ["-c", "true & echo $!; exec tail -f /dev/null"]);
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "utf8"), { timeout: 5000 }).toMatch(/\) Z /);
  expect(systemDeps().isProcessAlive(pid)).toBe(false);
  parent.kill();
  await once(parent, "close");
});
