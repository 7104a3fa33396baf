import { execFile } from "node:child_process";
import { type Clock, formatDuration } from "@bot-join/core";
import { maxIdTokenBytes } from "./claims.ts";
import { IdTokenError } from "./errors.ts";
import { splitWords } from "./split-words.ts";
import type { PlatformEnvironment } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** How long the command may run, in milliseconds. */
const commandTimeoutMs = 30_000;

/** What running the command needs. */
export interface TokenCommandOptions {
  environment: PlatformEnvironment;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Runs a command and gives what it printed, without white space around it. No shell is involved: the words are split
 * by quotes only, so that nothing in the input can become a second command.
 * Throws `ERR_IDTOKEN_COMMAND_INVALID` or `ERR_IDTOKEN_COMMAND_FAILED`; arguments are never shown.
 */
export async function readTokenCommand(line: string, options: TokenCommandOptions): Promise<string> {
  const [program, ...args] = splitWords(line) ?? [];
  if (program === undefined || program === "") {
    throw new IdTokenError({
      code: "ERR_IDTOKEN_COMMAND_INVALID",
      kind: "user",
      message: "The input id-token-command cannot be split into words: it is empty or a quote is left open.",
      hint: `Write a program and its arguments, quoted as in a shell: vault read -field=token 'identity/oidc/token/ci'.`,
    });
  }
  const done = new AbortController();
  const late = new AbortController();
  const expiry = options.clock.sleep(commandTimeoutMs, done.signal).then(
    () => late.abort(),
    () => undefined, // The command ended first.
  );
  try {
    const stop = AbortSignal.any([options.signal, late.signal]);
    const result = await run(program, args, options.environment, stop);
    if (options.signal.aborted) throw options.signal.reason;
    const output = result.stdout.trim();
    if (result.error === undefined && output !== "") return output;
    throw commandFailed(program, late.signal.aborted, result);
  } finally {
    done.abort();
    await expiry;
  }
}

interface CommandResult {
  stdout: string;
  stderr: string;
  error: (Error & { code?: unknown; signal?: unknown }) | undefined;
}

function run(
  program: string,
  args: string[],
  environment: PlatformEnvironment,
  signal: AbortSignal,
): Promise<CommandResult> {
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

function commandFailed(program: string, late: boolean, { error, stderr }: CommandResult): IdTokenError {
  const said = quoteUntrusted(stderr);
  return new IdTokenError({
    code: "ERR_IDTOKEN_COMMAND_FAILED",
    kind: "user",
    // Node's own error is not the cause: it holds the arguments and all output.
    message: `The program ${quoteUntrusted(program)} of id-token-command ${describeEnd(error, late)}${said === "" ? "" : `; it said: ${said}`}.`,
    hint: "The command must print one ID token to its standard output and end with status 0 within 30 s. It runs without a shell: pipes and variables need sh -c '…'.",
  });
}

function describeEnd(error: CommandResult["error"], late: boolean): string {
  if (late) return `did not end within ${formatDuration(commandTimeoutMs)}`;
  if (error === undefined) return "printed nothing";
  if (error.code === "ENOENT") return "was not found";
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER")
    return `printed more than ${maxIdTokenBytes / 1024} KiB`;
  if (typeof error.code === "number") return `ended with status ${error.code}`;
  if (typeof error.signal === "string") return `was ended by ${error.signal}`;
  return `could not be started (${String(error.code ?? error.name)})`;
}
