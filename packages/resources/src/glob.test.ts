import fc from "fast-check";
import { expect, it } from "vitest";
import { globMatches } from "./glob.ts";

const characters = fc.string({ unit: fc.constantFrom(..."ab.*?\\[]/\n$^", "\u{1f600}"), maxLength: 8 });

it("agrees with the regular expression of provision-token.md section 4", () => {
  fc.assert(
    fc.property(characters, characters, (pattern, text) => {
      const escaped = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
      const expression = escaped.replaceAll("\\*", "[^\\n]*").replaceAll("\\?", "[^\\n]");
      expect(globMatches(pattern, text)).toBe(new RegExp(`^${expression}$`, "u").test(text));
    }),
    { numRuns: 5000 },
  );
});

it("takes no exponential time", () => {
  expect(globMatches(`${"*a".repeat(2_000)}b`, "a".repeat(4_000))).toBe(false);
});
