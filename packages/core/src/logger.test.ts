import { expect, it } from "vitest";
import { silentLogger } from "./logger.ts";

it.each(["debug", "info", "warn"] as const)("the silent logger takes %s lines and says nothing", (level) => {
  expect(silentLogger[level]("a line")).toBeUndefined();
});
