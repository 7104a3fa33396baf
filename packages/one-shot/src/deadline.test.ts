import type { Clock } from "@bot-join/core";
import { expect, test } from "vitest";
import { startDeadline } from "./deadline.ts";

/** A clock whose waits end when the test says so. */
function manualClock(): Clock & { ring(): void; waiting(): number } {
  const waits = new Set<() => void>();
  return {
    now: () => new Date(0),
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        waits.add(resolve);
        signal?.addEventListener("abort", () => {
          waits.delete(resolve);
          reject(signal.reason);
        });
      }),
    ring: () => {
      for (const resolve of waits) resolve();
    },
    waiting: () => waits.size,
  };
}

test("the time runs out with a message that says what was under way", async () => {
  const clock = manualClock();
  using deadline = startDeadline(clock, 60_000, new AbortController().signal, "The join at example.test");
  clock.ring();
  await Promise.resolve();
  expect(deadline.signal.reason).toMatchObject({
    code: "ERR_RUN_TIMEOUT",
    message: "The join at example.test was not done within 1m.",
  });
});

test("a cancelled job ends it, also one that was cancelled before", () => {
  const cancelled = new AbortController();
  using running = startDeadline(manualClock(), 1000, cancelled.signal, "The join");
  cancelled.abort();
  expect(running.signal.reason).toMatchObject({ code: "ERR_RUN_CANCELLED" });
  using late = startDeadline(manualClock(), 1000, cancelled.signal, "The join");
  expect(late.signal.aborted).toBe(true);
});

test("a run that is done leaves no timer behind", () => {
  const clock = manualClock();
  startDeadline(clock, 60_000, new AbortController().signal, "The join")[Symbol.dispose]();
  expect(clock.waiting()).toBe(0);
});
