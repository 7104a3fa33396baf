import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defuseCommands } from "./defuse.ts";

describe("defuseCommands", () => {
  it.each([
    ["plain: text::x", "plain: text::x"],
    ["::error::x", ": :error::x"],
    ["a\n \t::add-mask::x", "a\n \t: :add-mask::x"],
    ["a\r::x\r\n\u0085::y", "a\n: :x\n\u0085: :y"],
    ["x ##[add-path]/tmp", "x ## [add-path]/tmp"],
    ["", ""],
  ])("makes %j harmless", (text, expected) => {
    expect(defuseCommands(text)).toBe(expected);
  });

  it("leaves nothing that the runner would read as a command", () => {
    const unit = fc.constantFrom(":", "#", "[", " ", "\n", "\r", "\t", "\u0085", "a");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 20 }), (text) => {
        for (const line of defuseCommands(text).split(/[\r\n]/)) {
          expect(line).not.toMatch(/^[\s\u0085]*::/);
          expect(line).not.toContain("##[");
        }
      }),
    );
  });
});
