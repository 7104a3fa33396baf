import { spawn } from "node:child_process";

/** How a child process ended. */
export interface ChildResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** How long what a child wrote last may take to arrive after its end, in milliseconds. */
const lastWordsMs = 1000;

/**
 * Runs a program without a shell until it ends; when the signal is aborted, it is asked to end and waited for. A
 * process that it left behind, holding its output open, is not waited for.
 */
export function runChild(
  program: string,
  args: string[],
  options: { env: Record<string, string>; signal: AbortSignal; cwd?: string },
): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (error) => {
      if (!options.signal.aborted) reject(error);
    });
    const settle = (status: number | null): void => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (options.signal.aborted) reject(options.signal.reason);
      else resolve({ status, stdout, stderr });
    };
    child.on("close", settle);
    child.on("exit", (status) => setTimeout(() => settle(status), lastWordsMs).unref());
  });
}
