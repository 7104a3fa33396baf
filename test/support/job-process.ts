import { spawn } from "node:child_process";

/** No step needs this long in a test: one that does hangs, and is killed. */
const hungAfterMs = 30_000;

export interface JobProcessOptions {
  /** The whole environment. */
  env: Record<string, string>;
  cwd: string;
  cancelled?: Cancellation;
  /** Called with all of the output so far. */
  onOutput?: (output: string) => void;
}

/** When a job is ended from outside, and how: asked to end, or as the end of a container does it. */
export interface Cancellation {
  when: Promise<void>;
  signal: "SIGTERM" | "SIGKILL";
}

/** How a shell of a job ended. */
export interface JobProcessResult {
  /** 137 when it was ended by a signal. */
  exitCode: number;
  /** Both outputs, in order. */
  output: string;
}

/** Runs one shell of a job until it ends or the job is cancelled. */
export function runJobProcess(
  command: readonly string[],
  options: JobProcessOptions,
): Promise<JobProcessResult> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it starts ends with it.
    const child = spawn("/bin/sh", ["-c", 'exec "$@" 2>&1', "sh", ...command], {
      env: options.env,
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const kill = (signal: NodeJS.Signals): void => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid, signal);
    };
    const timer = setTimeout(kill, hungAfterMs, "SIGKILL");
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      options.onOutput?.(output);
    });
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ exitCode: status ?? 137, output });
    });
    const { cancelled } = options;
    if (cancelled !== undefined) void cancelled.when.then(() => kill(cancelled.signal), reject);
  });
}
