import { expect, test } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const date = "Sun, 22 Nov 2026 04:31:50 GMT";

test.each([
  [{}, undefined],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "7" }, 7000],
  [{ "retry-after": "Sun, 22 Nov 2026 04:32:20 GMT", date }, 30_000],
  [{ "retry-after": "Sun, 22 Nov 2026 04:31:20 GMT", date }, 0],
  [{ "retry-after": "Sun, 22 Nov 2026 04:32:20 GMT" }, undefined],
  [{ "retry-after": "soon", date }, undefined],
  [{ "retry-after": "" }, undefined],
])("%j", (headers, expected) => {
  expect(retryAfterMs(headers)).toBe(expected);
});
