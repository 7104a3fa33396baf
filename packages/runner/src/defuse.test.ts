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
    ["branch ##vso[task.setvariable variable=x]y", "branch ## vso[task.setvariable variable=x]y"],
    ["##teamcity[x]", "## teamcity[x]"],
    ["echo ::add-mask a b", "echo : :add-mask a b"],
    ["x section_start:1:a\r\u001b[0Kb", "x section_start :1:a\n\ufffd[0Kb"],
    ["\u0007\u009b1A\u0000", "\ufffd\ufffd1A\ufffd"],
    ["a\tb \u00e4\u00f6 ## x ::b", "a\tb \u00e4\u00f6 ## x ::b"],
  ])("makes %j harmless", (text, expected) => {
    expect(defuseCommands(text)).toBe(expected);
  });

  it("leaves nothing that a CI system would read as a command", () => {
    const unit = fc.constantFrom(
      ...[":", "#", "[", " ", "\n", "\r", "\t", "\u0085", "\u001b", "a"],
      ...["::", "##", "vso[", "::add-mask", "section_end", "section_start:"],
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 20 }), (text) => {
        const defused = defuseCommands(text);
        for (const sign of ["\r", "\u001b"]) expect(defused).not.toContain(sign);
        for (const line of defused.split("\n")) {
          expect(line).not.toMatch(/^[\s\u0085]*::/);
          expect(line).not.toMatch(/##\w*\[|::add-mask|section_(start|end):/);
        }
        expect(defuseCommands(defused)).toBe(defused);
      }),
      { numRuns: 1000 },
    );
  });
});
