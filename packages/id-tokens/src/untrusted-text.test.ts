import { Secret } from "@bot-join/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeToken } from "./testing.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

describe("quoteUntrusted", () => {
  it.each([
    [" plain ", "plain"],
    ["a\r\n::error::b\u2028c\u0000d\u001b[31m", "a ::error::b c d [31m"],
    ["##[add-mask]x", "## [add-mask]x"],
    ["a ##vso[task.setvariable variable=x]y", "a ## vso[task.setvariable variable=x]y"],
    ["###vso[x", "### vso[x"],
    ["x".repeat(400), `${"x".repeat(300)}…`],
    ["Bearer s3cret end s3cret", "Bearer [redacted] end [redacted]"],
    [`token=${makeToken()};`, "token=[redacted];"],
    [makeToken().slice(0, 40), "[redacted]"],
    ["a\u200b##\u200b[x", "a ## [x"],
  ])("makes %j one safe line", (text, expected) => {
    expect(quoteUntrusted(text, [new Secret("s3cret")])).toBe(expected);
  });

  it("holds for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), (text) => {
        const quoted = quoteUntrusted(`${text}s3cret${text}`, [new Secret("s3cret")]);
        expect(quoted.length).toBeLessThanOrEqual(301);
        expect(quoted).not.toMatch(/[\r\n\u0085\u2028\u2029]|##\w*\[/);
        expect(quoted).not.toContain("s3cret");
      }),
    );
  });
});
