import { describe, expect, it } from "vitest";
import { systemClock } from "./system-clock.ts";

describe("systemClock", () => {
  it("tells the time and waits", async () => {
    expect(Math.abs(systemClock.now().getTime() - Date.now())).toBeLessThan(1000);
    await systemClock.sleep(0);
  });

  it("ends a wait with the signal's reason", async () => {
    const reason = new Error("enough");
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const wait = systemClock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(wait).rejects.toBe(reason);
  });

  it("does not end a wait at once that is longer than Node's timers know", async () => {
    const controller = new AbortController();
    const wait = systemClock.sleep(1e12, controller.signal);
    const first = await Promise.race([wait.then(() => "ended"), systemClock.sleep(5).then(() => "waiting")]);
    controller.abort(new Error("enough"));
    await expect(wait).rejects.toThrow("enough");
    expect(first).toBe("waiting");
  });
});
