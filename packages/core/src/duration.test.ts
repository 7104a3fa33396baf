import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  it.each<[string, number]>([
    ["0", 0],
    ["0s", 0],
    ["1ns", 0.000001],
    ["1us", 0.001],
    ["1µs", 0.001],
    ["850ms", 850],
    ["90s", 90_000],
    ["1m", 60_000],
    ["1h", 3_600_000],
    ["1h30m", 5_400_000],
    ["1h30m15.5s", 5_415_500],
    ["1.5h", 5_400_000],
    ["30m1h", 5_400_000],
    ["2562047h", 9_223_369_200_000],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    "",
    "1",
    "h",
    "-1h",
    "+1h",
    "1 h",
    " 1h",
    "1h ",
    "1d",
    "1H",
    "1h30",
    ".5h",
    "1.h",
    "1e3s",
    "١s",
    "2562048h",
    `${"9".repeat(400)}h`,
  ])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("formatDuration", () => {
  it.each<[number, string]>([
    [0, "0ms"],
    [849.6, "850ms"],
    [999.4, "999ms"],
    [999.6, "1s"],
    [1000, "1s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [3_570_000, "59m 30s"],
    [7_200_000, "2h"],
    [7_201_000, "2h 1s"],
    [90_061_000, "25h 1m 1s"],
  ])("writes %s ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it("writes what parseDuration reads, to the second", () => {
    fc.assert(
      fc.property(fc.nat(1e9), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1000).replaceAll(" ", ""))).toBe(seconds * 1000);
      }),
    );
  });
});
