import type { TestContext } from "vitest";
import { runProgram } from "./run-bundle.ts";
import { requireTool } from "./tools.ts";

const isRoot = process.getuid?.() === 0;

/** A mount namespace of the child's own, in which even an ordinary user may mount. */
const ownMounts = isRoot ? "-m" : "-Urm";

/**
 * The command line to put in front of a program that gives it a tmpfs at a path, seen by it alone, and lists in the file
 * `listing` what is left there at its end. `limits` are those of the mount, such as `size=64k`.
 */
export function onTmpfs(context: TestContext, path: string, limits: string, listing: string): string[] {
  const [unshare, mount, find] = ["unshare", "mount", "find"].map((name) => requireTool(context, name));
  const script =
    `"$1" -t tmpfs -o mode=700,"$2" tmpfs "$3"; at=$3; list=$4; find=$5; shift 5; ` +
    `"$@"; status=$?; "$find" "$at" -mindepth 1 > "$list"; exit $status`;
  const shell = ["sh", "-c", script, "sh"];
  return [unshare ?? "", ownMounts, ...shell, mount ?? "", limits, path, listing, find ?? ""];
}

/** Skips, or fails as for a missing tool, where nothing may be mounted. */
export async function requireMounts(context: TestContext): Promise<void> {
  const [unshare, mount] = [requireTool(context, "unshare"), requireTool(context, "mount")];
  const args = [ownMounts, mount, "-t", "tmpfs", "tmpfs", "/mnt"];
  if ((await runProgram(unshare, args, { env: {} })).status === 0) return;
  const reason = "this machine allows no tmpfs in a mount namespace (run as root, or allow user namespaces)";
  if (process.env["BOT_JOIN_REQUIRE_TOOLS"] === "1") throw new Error(reason);
  context.skip(reason);
}
