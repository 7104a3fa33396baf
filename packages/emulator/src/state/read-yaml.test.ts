import { parseResources, renderResource, writeYaml } from "@bot-join/resources";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { platformTokens } from "../../../../test/support/emulator.ts";
import { readBlockYaml } from "./read-yaml.ts";

describe("readBlockYaml", () => {
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(
        "true",
        "null",
        "~",
        "",
        "- a",
        "a: b",
        "5c0b8f5e-3a0f-4c0e-9a52-7d1f6b7c2e10",
        "a\nb",
        "#",
        "1e3",
      ),
      fc.boolean(),
      fc.integer(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value;

  it("gives back what writeYaml wrote", () => {
    fc.assert(
      fc.property(value, (written) => {
        expect(readBlockYaml(writeYaml(written))).toEqual(written);
      }),
    );
  });

  it("gives undefined or a value for any text, and never throws", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        readBlockYaml(text);
      }),
    );
  });

  it("reads comments and lists that stand deeper than their key", () => {
    expect(readBlockYaml("# by hand\na:\n  - b: 1\n    c: x y\n  # more\n  - d\ne:\n")).toEqual({
      a: [{ b: 1, c: "x y" }, "d"],
      e: null,
    });
  });

  it.each([
    "a: {b: 1}",
    "a: &x 1",
    "a: |\n  x",
    "a: 'b'",
    "a: yes",
    "a: 0x10",
    "a: 1e3",
    "a: True",
    "a: b # c",
    "a:\n- b\nc",
    "a: 1\na: 2",
  ])("leaves %j to a whole reader", (text) => {
    expect(readBlockYaml(text)).toBeUndefined();
  });

  it("agrees with the whole reader on the documents of tokens", () => {
    const tokens = parseResources(Object.values(platformTokens).join("---\n"), "platformTokens");
    for (const token of tokens) {
      const text = renderResource(token, "yaml");
      expect(parseResources(JSON.stringify(readBlockYaml(text)), "block", { stored: true })).toEqual(
        parseResources(text, "whole", { stored: true }),
      );
    }
  });
});
