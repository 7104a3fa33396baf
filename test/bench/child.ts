import { spawn } from "node:child_process";

/** How a timed child process ended. */
export interface TimedChild {
  status: number | null;
  wallMs: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program with exactly this environment, ended by force after `timeoutMs`. With `stdout` "ignore" its output
 * goes to the null device unread, which is what a measurement of throughput wants. `stdin` is a file descriptor.
 */
export function runTimed(
  program: string,
  args: string[],
  options: { env: Record<string, string>; timeoutMs: number; stdout?: "pipe" | "ignore"; stdin?: number },
): Promise<TimedChild> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, {
      env: options.env,
      stdio: [options.stdin ?? "ignore", options.stdout ?? "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    let [stdout, stderr] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, wallMs: performance.now() - started, stdout, stderr }));
  });
}
