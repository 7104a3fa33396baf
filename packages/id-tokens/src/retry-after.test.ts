import { describe, expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";
import { testNow } from "./testing.ts";

describe("retryAfterMs", () => {
  it.each([
    ["0", 0],
    [" 120 ", 120_000],
    ["Sun, 22 Nov 2026 10:00:30 GMT", 30_000],
    ["Sunday, 22-Nov-26 10:00:30 GMT", 30_000],
    ["Sun, 22 Nov 2026 09:00:00 GMT", 0],
    [undefined, undefined],
    ["", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["tomorrow", undefined],
    ["2026", 2_026_000],
    ["Sun, nonsense", undefined],
  ])("reads %j as %j", (header, expected) => {
    expect(retryAfterMs(header, testNow)).toBe(expected);
  });
});
