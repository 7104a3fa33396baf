import { BotJoinError } from "@bot-join/core";
import { describe, expect, test } from "vitest";
import { retrying } from "./retrying.ts";
import { testRun } from "./testing.ts";

function failure(details: Record<string, unknown>, retryable = true): BotJoinError {
  return new BotJoinError({ code: "ERR_X", kind: "cluster", message: "busy", retryable, details });
}

describe("retrying", () => {
  test.each<[string, Record<string, unknown>, number]>([
    ["backs off by itself", {}, 250],
    ["waits as long as the server asks", { retryAfterMs: 3000 }, 3000],
    ["does not wait when the server asks for nothing", { retryAfterMs: 0 }, 0],
    ["waits no longer than the policy allows", { retryAfterMs: 3_600_000 }, 8000],
    ["passes over what is no number", { retryAfterMs: "3" }, 250],
  ])("%s", async (_, details, wait) => {
    const run = await testRun();
    const tries = [failure(details), undefined];
    await retrying(run, "Joining", async () => {
      const error = tries.shift();
      if (error !== undefined) throw error;
    });
    expect(run.waits).toEqual([wait]);
    expect(run.logged).toEqual([`info: Joining: try 1 failed, next in ${wait} ms: busy`]);
  });

  test("lists every try in the last error, and forbids one that is not safe", async () => {
    const run = await testRun();
    const error = failure({});
    await expect(
      retrying(
        run,
        "Joining",
        () => Promise.reject(error),
        () => run.waits.length < 2,
      ),
    ).rejects.toBe(error);
    expect(error.message).toBe("busy\nEarlier tries:\n  try 1: busy\n  try 2: busy");
    expect(run.waits).toEqual([250, 500]);
  });
});
