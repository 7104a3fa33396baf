import { describe, expect, it } from "vitest";
import type { Clock } from "./clock.ts";
import { defaultRetryPolicy, type FailedAttempt, type RetryOptions, retry } from "./retry.ts";

/** A clock whose waits end at once and are written down; `onSleep` may act while one lasts. */
class FakeClock implements Clock {
  readonly waits: number[] = [];
  onSleep: () => void = () => {};

  now(): Date {
    return new Date(0);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.waits.push(ms);
    this.onSleep();
    signal?.throwIfAborted();
  }
}

function createOptions(changes: Partial<RetryOptions> = {}): RetryOptions & { clock: FakeClock } {
  return {
    policy: defaultRetryPolicy,
    random: () => 0,
    signal: new AbortController().signal,
    isRetryable: () => true,
    ...changes,
    clock: new FakeClock(),
  };
}

/** Fails this many times with `failure 1`, `failure 2` and so on, then gives the number of the try. */
function failing(times: number): (attempt: number) => Promise<number> {
  return async (attempt) => {
    if (attempt <= times) throw new Error(`failure ${attempt}`);
    return attempt;
  };
}

const collect = (last: unknown, attempts: FailedAttempt[]): unknown =>
  Object.assign(new Error("all"), { last, attempts });

describe("retry", () => {
  it("publishes 5 tries, 250 ms doubling up to 8 s", () => {
    expect(defaultRetryPolicy).toEqual({ attempts: 5, baseDelayMs: 250, maxDelayMs: 8000 });
  });

  it("returns the first success without a wait", async () => {
    const options = createOptions();
    await expect(retry(failing(0), options)).resolves.toBe(1);
    expect(options.clock.waits).toEqual([]);
  });

  it("waits twice as long before each further try", async () => {
    const options = createOptions();
    await expect(retry(failing(4), options)).resolves.toBe(5);
    expect(options.clock.waits).toEqual([250, 500, 1000, 2000]);
  });

  it.each([
    [0, 250],
    [0.5, 187.5],
    [0.75, 156.25],
  ])("takes up to half of a wait away: random %f, %f ms", async (random, ms) => {
    const options = createOptions({ random: () => random });
    await retry(failing(1), options);
    expect(options.clock.waits).toEqual([ms]);
  });

  it("never waits longer than the policy allows", async () => {
    const options = createOptions({ policy: { attempts: 8, baseDelayMs: 1000, maxDelayMs: 3000 } });
    await retry(failing(4), options);
    expect(options.clock.waits).toEqual([1000, 2000, 3000, 3000]);
  });

  it.each([
    [1234, 1234],
    [0, 0],
    [60_000, 8000],
    [undefined, 250],
  ])("obeys a wait that the server asked for: %s ms, %s ms", async (asked, ms) => {
    const options = createOptions({ retryAfterMs: () => asked });
    await retry(failing(1), options);
    expect(options.clock.waits).toEqual([ms]);
  });

  it("tells of every failure that is followed by a try", async () => {
    const told: unknown[] = [];
    const onRetry: RetryOptions["onRetry"] = (error, attempt, delayMs) =>
      told.push([(error as Error).message, attempt, delayMs]);
    await expect(
      retry(failing(9), createOptions({ onRetry, policy: { ...defaultRetryPolicy, attempts: 3 } })),
    ).rejects.toThrow();
    expect(told).toEqual([
      ["failure 1", 1, 250],
      ["failure 2", 2, 500],
    ]);
  });

  it("throws the last failure when the tries are used up", async () => {
    await expect(retry(failing(9), createOptions())).rejects.toThrow("failure 5");
  });

  it("hands the last failure and all of them to wrap", async () => {
    const options = createOptions({ policy: { ...defaultRetryPolicy, attempts: 2 } });
    await expect(retry(failing(9), options, collect)).rejects.toMatchObject({
      last: { message: "failure 2" },
      attempts: [
        { attempt: 1, message: "failure 1" },
        { attempt: 2, message: "failure 2" },
      ],
    });
  });

  it("stops at a failure that is not worth another try", async () => {
    const options = createOptions({ isRetryable: (error) => (error as Error).message !== "failure 2" });
    await expect(retry(failing(9), options)).rejects.toThrow("failure 2");
    expect(options.clock.waits).toEqual([250]);
  });

  it("tries nothing when the signal is already aborted", async () => {
    const signal = AbortSignal.abort(new Error("too late"));
    let tries = 0;
    const operation = async (): Promise<number> => ++tries;
    await expect(retry(operation, createOptions({ signal }), collect)).rejects.toThrow("too late");
    expect(tries).toBe(0);
  });

  it("stops when the signal is aborted during a try", async () => {
    const controller = new AbortController();
    const options = createOptions({ signal: controller.signal });
    const operation = async (attempt: number): Promise<never> => {
      controller.abort(new Error("too late"));
      throw new Error(`failure ${attempt}`);
    };
    await expect(retry(operation, options, collect)).rejects.toMatchObject({
      last: { message: "failure 1" },
    });
    expect(options.clock.waits).toEqual([]);
  });

  it.each(["throws", "ends"])(
    "stops in a wait and still lists every failure, when the wait %s",
    async (how) => {
      const controller = new AbortController();
      const options = createOptions({ signal: controller.signal });
      options.clock.onSleep = () => controller.abort(new Error("too late"));
      if (how === "ends") options.clock.sleep = async () => options.clock.onSleep();
      await expect(retry(failing(9), options, collect)).rejects.toMatchObject({
        last: { message: "too late" },
        attempts: [
          { attempt: 1, message: "failure 1" },
          { attempt: 2, message: "too late" },
        ],
      });
    },
  );
});
