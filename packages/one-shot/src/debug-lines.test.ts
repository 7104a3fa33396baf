import { expect, test } from "vitest";
import { withDebugLines } from "./debug-lines.ts";
import { testRun } from "./testing.ts";

test("debug lines are shown as others are, and nothing else changes", async () => {
  const run = await testRun();
  const { log, ...others } = withDebugLines(run.context.runner);
  log.debug("a");
  log.info("b");
  log.warn("c");
  expect(run.logged).toEqual(["info: a", "info: b", "warn: c"]);
  expect({ ...others, log: run.context.runner.log }).toEqual(run.context.runner);
});
