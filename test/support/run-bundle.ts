import { execFileSync, spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** No bundle needs this long in a test: a child that does hangs, and is killed. */
const hungAfterMs = 18_000;

/** What a child process said, and how it ended. */
export interface BundleResult {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  args?: string[];
  /** The whole environment, as a CI runner gives it. */
  env: Record<string, string>;
  cwd?: string;
  /** The Node that runs the bundle; default: that of the tests. */
  node?: string;
  /** A command line to put in front of the Node program. */
  wrapper?: string[];
  /** User and group to run as; only root can. */
  uid?: number;
  /** Whether what the program starts is killed with it, as the end of a container does. */
  group?: true;
  onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with all of the standard output so far. */
  onOutput?: (stdout: string) => void;
}

/** A Node program, named by its version. */
export interface NodeProgram {
  name: string;
  path: string;
}

/** The first `node` on PATH that is not the one of the tests, which npm puts before the machine's. */
function nodeOnPath(): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      const path = realpathSync(join(folder, "node"));
      if (path !== realpathSync(process.execPath)) return path;
    } catch {
      // Not in this folder: the next one is asked.
    }
  }
  return undefined;
}

/** The Node programs that the bundles must run on: the one of the tests and the machine's own. */
export function nodePrograms(): NodeProgram[] {
  const own = process.env["BOT_JOIN_TEST_NODE"] ?? process.env["npm_node_execpath"] ?? nodeOnPath();
  const paths = [process.execPath, ...(own === undefined ? [] : [own])].map((path) => realpathSync(path));
  return [...new Set(paths)].map((path) => {
    const version = execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).trim();
    return { name: `Node ${version}`, path };
  });
}

/** Absolute path of a committed bundle. */
export function bundlePath(name: string): string {
  return join(root, "dist", name);
}

/** Runs a program as a child process until it ends; one that hangs is killed, which shows as a signal. */
export function runProgram(program: string, args: string[], options: RunOptions): Promise<BundleResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: options.env,
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: hungAfterMs,
      killSignal: "SIGKILL",
      detached: options.group === true,
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      options.onOutput?.(stdout);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
    options.onStart?.((signal) => {
      if (options.group === true && child.pid !== undefined) process.kill(-child.pid, signal);
      else child.kill(signal);
    });
  });
}

/** Runs a bundle of dist/ as a child process with exactly this environment, as a CI runner would. */
export function runBundle(name: string, options: RunOptions): Promise<BundleResult> {
  const [program = "", ...args] = [
    ...(options.wrapper ?? []),
    options.node ?? process.execPath,
    bundlePath(name),
    ...(options.args ?? []),
  ];
  return runProgram(program, args, options);
}
