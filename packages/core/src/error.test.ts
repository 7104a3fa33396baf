import { describe, expect, it } from "vitest";
import { BotJoinError, describeError, isBotJoinError } from "./error.ts";

class SampleError extends BotJoinError<"ERR_SAMPLE"> {}

describe("BotJoinError", () => {
  it("fills what is left out", () => {
    const error = new SampleError({ code: "ERR_SAMPLE", kind: "internal", message: "It broke." });
    expect(error).toMatchObject({
      name: "SampleError",
      code: "ERR_SAMPLE",
      kind: "internal",
      message: "It broke.",
    });
    expect(error).toMatchObject({ hint: undefined, retryable: false, details: {} });
    expect("cause" in error).toBe(false);
    expect(error).toBeInstanceOf(Error);
  });

  it("keeps what is given", () => {
    const cause = new Error("inner");
    const given = { hint: "Try again.", retryable: true, details: { status: 503 }, cause };
    const error = new SampleError({ code: "ERR_SAMPLE", kind: "network", message: "It broke.", ...given });
    expect(error).toMatchObject(given);
  });
});

describe("isBotJoinError", () => {
  it("recognises another copy's error by its shape", () => {
    const foreign = Object.assign(new Error("x"), { code: "ERR_X", kind: "user", retryable: false });
    expect(isBotJoinError(foreign)).toBe(true);
  });

  it.each([
    ["an ordinary error", new Error("x")],
    ["an error of Node's", Object.assign(new Error("x"), { code: "ECONNRESET" })],
    ["an object of the same shape", { code: "ERR_X", kind: "user", retryable: false }],
    ["nothing", undefined],
  ])("does not take %s for one", (_, value) => {
    expect(isBotJoinError(value)).toBe(false);
  });
});

describe("describeError", () => {
  it.each<[string, unknown, string]>([
    ["an error", new Error("it broke"), "it broke"],
    ["a text", "it broke", "it broke"],
    ["nothing", undefined, "undefined"],
    ["a group with a message", new AggregateError([new Error("a")], "all failed"), "all failed"],
    ["a group without one, as Node's connects give", new AggregateError([new Error("a"), "b"]), "a; b"],
    [
      "a group in a group",
      new AggregateError([new AggregateError([new Error("a")]), new Error("b")]),
      "a; b",
    ],
  ])("describes %s", (_, error, text) => {
    expect(describeError(error)).toBe(text);
  });
});
