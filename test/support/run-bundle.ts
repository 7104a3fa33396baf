import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What a child process said, and how it ended. */
export interface BundleResult {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The Node programs that the bundles must run on: the one of the tests and the machine's own. */
export function nodePrograms(): { name: string; path: string }[] {
  const own = process.env["npm_node_execpath"] ?? process.env["BOT_JOIN_TEST_NODE"];
  const all = [{ name: `Node ${process.versions.node}`, path: process.execPath }];
  return own === undefined || own === process.execPath
    ? all
    : [...all, { name: "the machine's own Node", path: own }];
}

/** Absolute path of a committed bundle. */
export function bundlePath(name: string): string {
  return join(root, "dist", name);
}

/** Runs a bundle of dist/ as a child process with exactly this environment, as a CI runner would. */
export function runBundle(
  name: string,
  options: {
    args?: string[];
    env: Record<string, string>;
    cwd?: string;
    node?: string;
    onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
    onOutput?: (text: string) => void;
  },
): Promise<BundleResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.node ?? process.execPath, [bundlePath(name), ...(options.args ?? [])], {
      env: options.env,
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      options.onOutput?.(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
    options.onStart?.((signal) => child.kill(signal));
  });
}
