import { accessSync, constants, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { ShellPlatform } from "./platforms/shell-platform.ts";
import type { RunnerEnvironment } from "./runner.ts";

/** Gives the folder that ends with the job where the platform has one that can be used, else the system's. */
export function temporaryDirectory(
  platform: ShellPlatform | undefined,
  environment: RunnerEnvironment,
): string {
  return platform?.temporaryDirectories?.(environment).find(isUsable) ?? tmpdir();
}

/**
 * Gives the folder in which a job keeps what its clean-up has to know: the same for every step of the job, whatever its
 * shell has exported, and another one for every other job. Where no platform tells jobs apart, there is one per user and
 * working directory. `actions/shell/bot-join.sh` has the same rule.
 */
export function jobFolder(
  platform: ShellPlatform | undefined,
  environment: RunnerEnvironment,
  workingDirectory: string,
): string {
  const values = platform?.jobKey.map((variable) => environment[variable] ?? "") ?? [];
  const known = values.some((value) => value !== "");
  const key = known ? values.join("-") : `${workingDirectory}-${process.getuid?.() ?? ""}`;
  // Byte by byte, as tr in the shell does it; the end tells more than the beginning.
  const name = Buffer.from(key)
    .toString("latin1")
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .slice(-150);
  return join(temporaryDirectory(platform, environment), `bot-join-job-${name}`);
}

function isUsable(path: string | undefined): path is string {
  if (path === undefined || !isAbsolute(path)) return false;
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
