import { expect, it } from "vitest";
import * as core from "./index.ts";

it("exports these values and no others", () => {
  expect(Object.keys(core).sort()).toEqual([
    "BotJoinError",
    "Secret",
    "defaultRetryPolicy",
    "describeError",
    "encodePem",
    "formatDuration",
    "isBotJoinError",
    "maskableParts",
    "nearestSpelling",
    "parseDuration",
    "parsePem",
    "retry",
    "silentLogger",
  ]);
});
