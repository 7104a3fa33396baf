import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempDir } from "../support/temp-dir.ts";
import { findTool } from "../support/tools.ts";

/** A shell that the core has to work in, and where its tools come from. */
export interface ShellKind {
  name: string;
  /** Program and first arguments. */
  command: readonly [string, ...string[]];
  tools: "system" | "busybox";
}

/** The shells of job images: Debian's, Alpine's, and bash. */
export const shellKinds: readonly ShellKind[] = [
  { name: "dash", command: ["dash"], tools: "system" },
  { name: "bash", command: ["bash"], tools: "system" },
  { name: "busybox sh", command: ["busybox", "sh"], tools: "busybox" },
];

/** What the core calls, beside the programs that download. */
const tools = [
  ...["cat", "chmod", "dirname", "find", "grep", "gzip", "id", "ldd", "mkdir", "mktemp", "mv", "rm", "rmdir"],
  ...["sed", "sh", "sha256sum", "shasum", "tail", "tr", "uname", "perl", "touch", "env", "sort"],
];

/** The core as it stands in the repository, with a version and checksums filled in. */
export function filledCore(checksums: string, version = "9.9.9"): string {
  const path = fileURLToPath(new URL("../../actions/shell/bot-join.sh", import.meta.url));
  return readFileSync(path, "utf8")
    .replace("@BOT_JOIN_VERSION@", version)
    .replace("@BOT_JOIN_CHECKSUMS@", checksums);
}

/** The line of a file's pinned checksum. */
export function checksumLine(name: string, content: string | Uint8Array): string {
  return `${createHash("sha256").update(content).digest("hex")}  ${name}`;
}

/**
 * A program that stands for the bundle or, with `sh`, for a binary. `start` exports what a join does, unless FAIL has it fail;
 * every call is noted in CALLS.
 */
export const fakeBundle = `
const { appendFileSync, readFileSync } = require("node:fs");
require("./ssh-proxy.cjs");
const [command] = process.argv.slice(2);
appendFileSync(process.env.CALLS, JSON.stringify({ args: process.argv.slice(2), state: process.env.BOT_JOIN_STATE_DIR }) + "\\n");
if (process.env.FAIL) {
  console.error("error: the join was refused");
  process.exit(Number(process.env.FAIL));
}
if (command === "start") appendFileSync(process.env.BOT_JOIN_CALLER_EXPORTS, process.env.EXPORTS ?? "export JOINED='yes'\\n");
const exportsFile = process.env.BOT_JOIN_CALLER_EXPORTS;
if (command === "cleanup" && exportsFile) appendFileSync(exportsFile, "unset JOINED\\n");
`;

/** See {@link fakeBundle}. */
export const fakeBinary = `#!/bin/sh
if [ "$1" = --version ]; then exit 0; fi
printf 'binary %s\\n' "$*" >>"$CALLS"
if [ "$1" = start ]; then echo "export JOINED='yes'" >>"$BOT_JOIN_CALLER_EXPORTS"; fi
`;

interface ShellResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface ShellJob extends Disposable {
  /** Everything that the job may write lies below it. */
  folder: string;
  path(name: string): string;
  /** The lines that the programs have noted. */
  calls(): string[];
  /** Everything below the job's temporary folder. */
  leftOver(): string[];
  /** Runs lines after the core was sourced. */
  run(lines: string, env?: Record<string, string>, options?: string): Promise<ShellResult>;
}

interface JobOptions {
  core: string;
  /** Of the programs that may be missing, those that are there. */
  programs: readonly string[];
  /** Of the usual tools, those that are not. */
  without?: readonly string[];
  /** Name of the folder, which may be anything that a path may be. */
  folderName?: string;
}

/** Makes a job whose PATH holds exactly what a test wants. */
export function shellJob(
  kind: ShellKind,
  { core, programs, without = [], folderName = "job" }: JobOptions,
): ShellJob {
  const temporary = tempDir();
  const folder = join(temporary.path, folderName);
  const path = (name: string): string => join(folder, name);
  for (const name of ["bin", "tmp", "work"]) mkdirSync(path(name), { recursive: true });
  const busybox = findTool("busybox") ?? "busybox";
  for (const name of [...tools.filter((tool) => !without.includes(tool)), ...programs]) {
    const isApplet = kind.tools === "busybox" && !["node", "curl", "perl", "shasum", "ldd"].includes(name);
    const target = name === "node" ? process.execPath : isApplet ? busybox : findTool(name);
    if (target !== undefined) symlinkSync(target, path(`bin/${name}`));
  }
  writeFileSync(path("bot-join.sh"), core);
  const below = (directory: string): string[] =>
    readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  return {
    folder,
    path,
    calls() {
      try {
        return readFileSync(path("calls"), "utf8").trim().split("\n");
      } catch {
        return [];
      }
    },
    leftOver: () => below(path("tmp")),
    async run(lines, env = {}, options = "set -eu") {
      const [program, ...first] = kind.command;
      // Sourced by a path in a variable, as no path is fit to stand in a script.
      const script = `${options}\n. "$CORE"\n${lines}\n`;
      const child = spawn(findTool(program) ?? program, [...first, "-c", script], {
        cwd: path("work"),
        env: {
          PATH: path("bin"),
          HOME: folder,
          TMPDIR: path("tmp"),
          CORE: path("bot-join.sh"),
          CALLS: path("calls"),
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const text = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const)
        child[name].on("data", (chunk) => (text[name] += chunk));
      const status = await new Promise<number | null>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", resolve);
      });
      return { status, ...text };
    },
    [Symbol.dispose]: () => temporary[Symbol.dispose](),
  };
}

export interface ReleaseServer extends AsyncDisposable {
  url: string;
  /** The paths that were asked for, in order. */
  asked: string[];
}

/** Serves the files of a release on loopback; everything else is 404. */
export async function serveFiles(files: ReadonlyMap<string, string | Uint8Array>): Promise<ReleaseServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? "").replace(/^\/release\//, "");
    asked.push(name);
    const content = files.get(name);
    response.writeHead(content === undefined ? 404 : 200);
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/release`,
    asked,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The permission bits of a path. */
export function modeOf(path: string): number {
  return lstatSync(path).mode & 0o777;
}
