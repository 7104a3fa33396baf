import { BotJoinError, type ErrorKind } from "@bot-join/core";
import { describe, expect, it } from "vitest";
import { exitStatus, failureText } from "./failure-text.ts";

function errorOf(kind: ErrorKind, hint?: string): BotJoinError {
  return new BotJoinError({ code: "ERR_SOME_THING", kind, message: "It failed.", ...(hint ? { hint } : {}) });
}

describe("failureText", () => {
  it("shows message, hint and code", () => {
    expect(failureText(errorOf("user", "Do this."))).toBe(
      "It failed.\nDo this.\nERR_SOME_THING, explained in docs/errors.md#err_some_thing",
    );
    expect(failureText(errorOf("user"))).toBe(
      "It failed.\nERR_SOME_THING, explained in docs/errors.md#err_some_thing",
    );
  });

  it.each([
    [new TypeError("x is no function"), "TypeError: x is no function"],
    ["thrown text", "thrown text"],
  ])("calls %s a defect", (error, text) => {
    expect(failureText(error)).toContain(`bot-join failed unexpectedly: ${text}`);
    expect(failureText(error)).toContain("please report it");
  });
});

it.each([
  [errorOf("user"), 2],
  [errorOf("denied"), 3],
  [errorOf("network"), 4],
  [errorOf("cluster"), 5],
  [errorOf("internal"), 70],
  [new Error("x"), 70],
])("the exit status of %s is %i", (error, status) => {
  expect(exitStatus(error)).toBe(status);
});
