import {
  BotJoinError,
  defaultRetryPolicy,
  type FailedAttempt,
  isBotJoinError,
  type RetryPolicy,
  retry,
} from "@bot-join/core";
import type { Run } from "./context.ts";

/** The policy of this run: the published one, with the tries that the user allows. */
export function retryPolicy({ plan }: Run): RetryPolicy {
  return { ...defaultRetryPolicy, attempts: plan.attempts };
}

/** How long the server asked to wait, which errors carry in their details. */
function retryAfterMs(error: unknown): number | undefined {
  const wait = isBotJoinError(error) ? error.details["retryAfterMs"] : undefined;
  return typeof wait === "number" ? wait : undefined;
}

/** Puts every try into the final error, so that a log shows whether it failed alike each time. */
function withAttempts(last: unknown, attempts: FailedAttempt[]): unknown {
  if (attempts.length < 2 || !isBotJoinError(last) || !(last instanceof BotJoinError)) return last;
  const earlier = attempts.slice(0, -1).map(({ attempt, message }) => `  try ${attempt}: ${message}`);
  last.message = `${last.message}\nEarlier tries:\n${earlier.join("\n")}`;
  return last;
}

/** Retries one step of the run on failures that may pass. `isSafe` can forbid a second try after the first was sent. */
export function retrying<T>(
  run: Run,
  what: string,
  operation: (attempt: number) => Promise<T>,
  isSafe: (error: unknown) => boolean = () => true,
): Promise<T> {
  const { clock, random, runner } = run.context;
  return retry(
    operation,
    {
      policy: retryPolicy(run),
      clock,
      random,
      signal: run.signal,
      isRetryable: (error) => isBotJoinError(error) && error.retryable && isSafe(error),
      retryAfterMs,
      onRetry: (error, attempt, delayMs) =>
        runner.log.info(
          `${what}: try ${attempt} failed, next in ${Math.round(delayMs)} ms: ${error instanceof Error ? error.message : error}`,
        ),
    },
    withAttempts,
  );
}
