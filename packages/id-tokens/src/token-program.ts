import { execFile } from "node:child_process";
import { type Clock, formatDuration } from "@bot-join/core";
import { maxIdTokenBytes } from "./claims.ts";
import { IdTokenError } from "./errors.ts";
import type { PlatformEnvironment } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** How long the program may run, in milliseconds. */
const programTimeoutMs = 30_000;

/** What running a program needs. */
export interface TokenProgramOptions {
  environment: PlatformEnvironment;
  clock: Clock;
  signal: AbortSignal;
}

/** A program that prints an ID token. */
export interface TokenProgram {
  program: string;
  args: readonly string[];
  /** Where it is named, for messages: ` of id-token-command`. */
  origin: string;
  hint: string;
}

/**
 * Runs a program without a shell and gives what it printed, without white space around it; undefined when there is no
 * such program. Throws `ERR_IDTOKEN_COMMAND_FAILED`; arguments are never shown.
 */
export async function runTokenProgram(
  wanted: TokenProgram,
  options: TokenProgramOptions,
): Promise<string | undefined> {
  const done = new AbortController();
  const late = new AbortController();
  const expiry = options.clock.sleep(programTimeoutMs, done.signal).then(
    () => late.abort(),
    () => undefined, // The program ended first.
  );
  try {
    const stop = AbortSignal.any([options.signal, late.signal]);
    const result = await run(wanted, options.environment, stop);
    if (options.signal.aborted) throw options.signal.reason;
    const output = result.stdout.trim();
    if (result.error === undefined && output !== "") return output;
    if (result.error?.code === "ENOENT") return undefined;
    throw programFailed(wanted, describeEnd(result.error, late.signal.aborted), result.stderr);
  } finally {
    done.abort();
    await expiry;
  }
}

interface ProgramResult {
  stdout: string;
  stderr: string;
  error: (Error & { code?: unknown; signal?: unknown }) | undefined;
}

function run(
  { program, args }: TokenProgram,
  environment: PlatformEnvironment,
  signal: AbortSignal,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const options = {
      env: { ...environment },
      maxBuffer: maxIdTokenBytes,
      // A program that ignores a polite signal would otherwise outlive the join.
      killSignal: "SIGKILL",
      windowsHide: true,
      signal,
    } as const;
    try {
      execFile(program, args, options, (error, stdout, stderr) => {
        resolve({ stdout, stderr, error: error ?? undefined });
      });
    } catch (error) {
      resolve({ stdout: "", stderr: "", error: error instanceof Error ? error : new Error(String(error)) });
    }
  });
}

/** Makes the error for a program that gave no token. */
export function programFailed(
  { program, origin, hint }: TokenProgram,
  end: string,
  stderr = "",
): IdTokenError {
  const said = quoteUntrusted(stderr);
  return new IdTokenError({
    code: "ERR_IDTOKEN_COMMAND_FAILED",
    kind: "user",
    // Node's own error is not the cause: it holds the arguments and all output.
    message: `The program ${quoteUntrusted(program)}${origin} ${end}${said === "" ? "" : `; it said: ${said}`}.`,
    hint,
  });
}

function describeEnd(error: ProgramResult["error"], late: boolean): string {
  if (late) return `did not end within ${formatDuration(programTimeoutMs)}`;
  if (error === undefined) return "printed nothing";
  if (String(error.code).endsWith("_STDIO_MAXBUFFER"))
    return `printed more than ${maxIdTokenBytes / 1024} KiB`;
  if (typeof error.code === "number") return `ended with status ${error.code}`;
  if (typeof error.signal === "string") return `was ended by ${error.signal}`;
  return `could not be started (${String(error.code ?? error.name)})`;
}
