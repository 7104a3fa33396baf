import { isBotJoinError } from "@bot-join/core";
import { describe, expect, it } from "vitest";
import { FormatError, formatErrorCodes, malformed, quote } from "./errors.ts";

describe("FormatError", () => {
  it("is recognised and carries code, kind and cause", () => {
    const cause = new Error("inner");
    const error = malformed("ERR_FORMAT_X509", "Cannot read it.", cause);
    expect(error).toBeInstanceOf(FormatError);
    expect(error).toMatchObject({
      name: "FormatError",
      code: "ERR_FORMAT_X509",
      kind: "cluster",
      retryable: false,
      cause,
    });
    expect(isBotJoinError(error)).toBe(true);
  });

  it("has codes of one area, each once", () => {
    expect(new Set(formatErrorCodes).size).toBe(formatErrorCodes.length);
    expect(formatErrorCodes.every((code) => /^ERR_FORMAT_[A-Z0-9_]+$/.test(code))).toBe(true);
  });
});

describe("quote", () => {
  it.each([
    ["plain", '"plain"'],
    ["line\nbreak", '"line\\nbreak"'],
    ["x".repeat(65), `"${"x".repeat(64)}"`],
  ])("shows %j as %s", (text, shown) => {
    expect(quote(text)).toBe(shown);
  });
});
