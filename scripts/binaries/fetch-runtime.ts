import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bunVersion, type Target } from "./targets.ts";

/**
 * Fetches a target's Bun through npm, which keeps it in its cache, checks it and unpacks it below `folder`: the path of the
 * program. Throws when the archive is not the pinned one.
 */
export function fetchRuntime(target: Target, folder: string): string {
  const into = join(folder, target.package.replace("/", "-"));
  mkdirSync(into, { recursive: true });
  const answer = execFileSync(
    "npm",
    ["pack", `${target.package}@${bunVersion}`, "--json", "--prefer-offline", "--pack-destination", into],
    // npm is a script of cmd.exe on Windows. What it has to say belongs to whoever runs the build.
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], shell: process.platform === "win32" },
  );
  const [{ filename }] = JSON.parse(answer) as [{ filename: string }];
  const archive = join(into, filename.replace("@", "").replace("/", "-"));
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== target.integrity) {
    throw new Error(
      `${target.package}@${bunVersion} is not what scripts/binaries/targets.ts pins: ${found}, not ${target.integrity}`,
    );
  }
  execFileSync("tar", ["-xzf", archive, "-C", into, "--strip-components=1"]);
  rmSync(archive);
  return join(into, "bin", target.machine.format === "pe" ? "bun.exe" : "bun");
}
