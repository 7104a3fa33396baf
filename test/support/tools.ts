import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";

/** How a Debian machine gets each program that tests use as a judge. */
const sources: Readonly<Record<string, string>> = {
  ssh: "apt-get install openssh-client",
  "ssh-keygen": "apt-get install openssh-client",
  sshd: "apt-get install openssh-server",
  openssl: "apt-get install openssl",
  rsync: "apt-get install rsync",
  scp: "apt-get install openssh-client",
  flock: "apt-get install util-linux",
  unshare: "apt-get install util-linux",
  mount: "apt-get install mount",
  kubectl: "apt-get install kubernetes-client",
  psql: "apt-get install postgresql-client",
  postgres: "apt-get install postgresql",
  keytool: "apt-get install default-jre-headless",
  terraform: "not in Debian: its vendor has packages",
};

/** Finds a program on PATH or in the system folders where daemons live; undefined when it is missing. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/sbin"];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder: the next one is asked.
    }
  }
  return undefined;
}

/** Judges that CI does not install: one is in no package of Debian, the other half a gigabyte of Java. */
const neverRequired: readonly string[] = ["keytool", "terraform"];

/**
 * Gives the path of a program, or skips the running test with the reason and how to get it. With
 * `BOT_JOIN_REQUIRE_TOOLS=1`, as CI sets it, a missing program is a failure instead, but for those that CI does not install.
 */
export function requireTool(context: TestContext, name: string): string {
  const path = findTool(name);
  if (path !== undefined) return path;
  const reason = `${name} is not installed (Debian: ${sources[name] ?? `apt-get install ${name}`})`;
  const isRequired = process.env["BOT_JOIN_REQUIRE_TOOLS"] === "1" && !neverRequired.includes(name);
  if (isRequired) throw new Error(reason);
  return context.skip(reason) as never;
}

/** Runs a program without a shell and gives its standard output; a failure carries its standard error. */
export function runTool(path: string, args: string[], input?: string | Uint8Array): string {
  return execFileSync(path, args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
}
