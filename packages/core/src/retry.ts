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

/** What {@link retry} decides and waits with. */
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
 * Runs an operation until it succeeds, fails for good, runs out of tries or the signal is aborted, in a wait too.
 * `wrap` makes the final error from the last failure, which may be the signal's reason, and the list of all tries,
 * whose last entry is that failure. A signal that is aborted before the first try is thrown as it is.
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  options: RetryOptions,
  wrap: (last: unknown, attempts: FailedAttempt[]) => unknown = (last) => last,
): Promise<T> {
  const { policy, signal } = options;
  const failed: FailedAttempt[] = [];
  let delayMs = 0;
  signal.throwIfAborted();
  for (let attempt = 1; ; attempt++) {
    try {
      // The wait counts to the try that follows it, so that a deadline that passes meanwhile loses no failure.
      if (attempt > 1) await options.clock.sleep(delayMs, signal);
      signal.throwIfAborted();
      return await operation(attempt);
    } catch (error) {
      failed.push({ attempt, message: describeError(error) });
      const again = attempt < policy.attempts && !signal.aborted && options.isRetryable(error);
      if (!again) throw wrap(error, failed);
      const backoff = policy.baseDelayMs * 2 ** (attempt - 1);
      const jittered = backoff * (1 - options.random() / 2);
      delayMs = Math.min(options.retryAfterMs?.(error) ?? jittered, policy.maxDelayMs);
      options.onRetry?.(error, attempt, delayMs);
    }
  }
}
