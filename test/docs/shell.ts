import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { type BundleResult, bundlePath, runProgram } from "../support/run-bundle.ts";

/** Where blocks are run: a working directory, an environment, and what replaces the names of the docs. */
export interface Shell {
  cwd: string;
  env: Record<string, string>;
  /** Each text of the docs and what it becomes here. */
  substitutions: [RegExp, string][];
}

/** What the docs write as `bot-join`. */
const prelude = `bot-join() { "${process.execPath}" "${bundlePath("bot-join.cjs")}" "$@"; }\nset -eu\n`;

function script(text: string, { substitutions }: Shell): string {
  return prelude + substitutions.reduce((whole, [from, to]) => whole.replaceAll(from, to), text);
}

function environment({ env }: Shell): Record<string, string> {
  const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  return { PATH: path, HOME: process.env["HOME"] ?? "/", ...env };
}

/** Runs a block to its end, as a reader would paste it. */
export function runBlock(text: string, shell: Shell): Promise<BundleResult> {
  return runProgram("bash", ["-c", script(text, shell)], { cwd: shell.cwd, env: environment(shell) });
}

/** A block that goes on until Ctrl-C. */
export interface RunningBlock {
  stdout: string;
  /** Presses Ctrl-C and gives the exit status. */
  interrupt(): Promise<number | null>;
}

/** Starts a block and waits until it has printed its last line. */
export async function startBlock(text: string, shell: Shell, lastLine: string): Promise<RunningBlock> {
  const child = spawn("bash", ["-c", script(text, shell)], {
    cwd: shell.cwd,
    env: environment(shell),
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, as a terminal would make: Ctrl-C goes to all of it.
    detached: true,
  });
  const ended = once(child, "close") as Promise<[number | null]>;
  let stdout = "";
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      if (stdout.includes(lastLine)) resolve();
    });
    child.once("close", () => reject(new Error(`it ended early: ${stdout}${stderr}`)));
  });
  return {
    stdout,
    async interrupt() {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
      const [status] = await ended;
      return status;
    },
  };
}
