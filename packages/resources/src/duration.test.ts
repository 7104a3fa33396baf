import { expect, it } from "vitest";
import { parseResourceDuration } from "./duration.ts";

/** provision-token.md section 1. */
it.each([
  ["12h0m0s", 12 * 3_600_000],
  ["1h30m", 5_400_000],
  ["2d", 2 * 86_400_000],
  ["1d12h", 36 * 3_600_000],
  ["6mo", 180 * 86_400_000],
  ["1y", 365 * 86_400_000],
  ["5m", 300_000],
  ["never", 0],
  ["0", 0],
  ["", undefined],
  ["5", undefined],
  ["h", undefined],
  ["-1h", undefined],
  ["1 h", undefined],
])("%j is %s ms", (text, expected) => {
  expect(parseResourceDuration(text)).toBe(expected);
});
