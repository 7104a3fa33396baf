import type { Clock } from "./clock.ts";
import { describeError } from "./error.ts";

/** How often and how patiently something is tried. */
export interface RetryPolicy {
  /** Tries in all, at least 1. */
  attempts: number;
  /** Wait before the second try, doubled for each further one; jitter takes away up to half of it. */
  baseDelayMs: number;
  /** No wait is longer than this, a server's Retry-After included. */
  maxDelayMs: number;
}

/** The published policy for single requests: 5 tries, 250 ms doubling up to 8 s. */
export const defaultRetryPolicy: RetryPolicy = { attempts: 5, baseDelayMs: 250, maxDelayMs: 8000 };

export interface RetryOptions {
  policy: RetryPolicy;
  clock: Clock;
  /** Random number in [0, 1), for jitter. */
  random: () => number;
  signal: AbortSignal;
  /** Whether a failure is worth another try. */
  isRetryable(error: unknown): boolean;
  /** A wait that the server asked for, in milliseconds. */
  retryAfterMs?(error: unknown): number | undefined;
  onRetry?(error: unknown, attempt: number, delayMs: number): void;
}

/** One failed try, as errors list it. */
export interface FailedAttempt {
  attempt: number;
  message: string;
}

/**
 * Runs an operation until it succeeds, fails for good, runs out of tries or the signal is aborted.
 * `wrap` makes the final error from the last failure and the list of all tries.
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  options: RetryOptions,
  wrap: (last: unknown, attempts: FailedAttempt[]) => unknown = (last) => last,
): Promise<T> {
  const failed: FailedAttempt[] = [];
  for (let attempt = 1; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      failed.push({ attempt, message: describeError(error) });
      const again = attempt < options.policy.attempts && options.isRetryable(error) && !options.signal.aborted;
      if (!again) throw wrap(error, failed);
      const backoff = options.policy.baseDelayMs * 2 ** (attempt - 1);
      const jittered = backoff * (1 - options.random() / 2);
      const delayMs = Math.min(options.retryAfterMs?.(error) ?? jittered, options.policy.maxDelayMs);
      options.onRetry?.(error, attempt, delayMs);
      await options.clock.sleep(delayMs, options.signal);
    }
  }
}
