import { setMaxListeners } from "node:events";
import { type Clock, formatDuration } from "@bot-join/core";
import { OneShotError } from "./errors.ts";

/** A signal that is aborted with `ERR_RUN_TIMEOUT` when the time is over, or with `ERR_RUN_CANCELLED` when the job is. */
export interface Deadline extends Disposable {
  signal: AbortSignal;
}

/** Starts the clock of a whole join. `what` says in the error what was under way. */
export function startDeadline(
  clock: Clock,
  timeoutMs: number,
  cancelled: AbortSignal,
  what: string,
): Deadline {
  const controller = new AbortController();
  // Every request in flight listens, and a job may have many outputs: Node's warning of a leak would be false.
  setMaxListeners(0, controller.signal);
  const over = new AbortController();
  clock.sleep(timeoutMs, over.signal).then(
    () =>
      controller.abort(
        new OneShotError({
          code: "ERR_RUN_TIMEOUT",
          kind: "network",
          message: `${what} was not done within ${formatDuration(timeoutMs)}.`,
          hint: "Look at the last step of the log: what came after it is what hangs. The input timeout allows more time.",
        }),
      ),
    () => {
      // The run ended first.
    },
  );
  const cancel = (): void =>
    controller.abort(
      new OneShotError({
        code: "ERR_RUN_CANCELLED",
        kind: "user",
        message: `${what} was cancelled.`,
        hint: "Nothing is left of it. If nobody meant to cancel, look at the time limits of the job and of its steps.",
      }),
    );
  if (cancelled.aborted) cancel();
  else cancelled.addEventListener("abort", cancel, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose](): void {
      cancelled.removeEventListener("abort", cancel);
      over.abort();
    },
  };
}
