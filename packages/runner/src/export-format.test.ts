import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { findTool } from "../../../test/support/tools.ts";
import { type ExportFormat, renderExportLines } from "./export-format.ts";

describe("renderExportLines", () => {
  it.each<[ExportFormat, string, string]>([
    ["sh", "/tmp/a b", "export NAME='/tmp/a b'\n"],
    ["sh", "it's $(x) `y`", "export NAME='it'\\''s $(x) `y`'\n"],
    ["sh", "two\nlines", "export NAME='two\nlines'\n"],
    ["sh", "", "unset NAME\n"],
    ["dotenv", "/tmp/out-1:443", "NAME=/tmp/out-1:443\n"],
    ["dotenv", '$(x) "y"', "NAME='$(x) \"y\"'\n"],
    ["dotenv", "it's", 'NAME="it\'s"\n'],
    ["dotenv", "a#b", "NAME='a#b'\n"],
    ["dotenv", "", "NAME=\n"],
  ])("writes a line for %s: %j", (format, value, line) => {
    expect(renderExportLines([["NAME", value]], format)).toBe(line);
  });

  it.each(["a\nOTHER=b", "a\rb", "it's $HOME", "it's `x`", "'\"", "'\\"])(
    "has no dotenv line for %j",
    (value) => {
      expect(() => renderExportLines([["NAME", value]], "dotenv")).toThrow(
        expect.objectContaining({ code: "ERR_EXPORT_VALUE", kind: "user" }),
      );
    },
  );
});

/** What a shell makes of the lines. */
function sourced(lines: string, command: readonly [string, ...string[]]): string[] {
  const [program, ...first] = command;
  const script = `set -eu\n${lines}printf '%s\\0' "$A" "$B"\n`;
  return execFileSync(findTool(program) ?? program, [...first, "-c", script], { encoding: "utf8" })
    .split("\0")
    .slice(0, 2);
}

const unit = fc.constantFrom(
  "a",
  " ",
  "'",
  '"',
  "$",
  "(",
  ")",
  "`",
  "\\",
  "\n",
  "\r",
  "#",
  ";",
  "&",
  "*",
  "~",
  "=",
  "!",
  "ä",
);
const value = fc.string({ unit, minLength: 1, maxLength: 12 });

test.each<[string, readonly [string, ...string[]]]>([
  ["sh", ["sh"]],
  ["bash", ["bash"]],
  ["busybox sh", ["busybox", "sh"]],
])("%s reads every value as it was", (_, command) => {
  if (findTool(command[0]) === undefined) return;
  fc.assert(
    fc.property(value, value, (a, b) => {
      const lines = renderExportLines([["A", a], ["B", b]], "sh"); // biome-ignore format: one line
      expect(sourced(lines, command)).toEqual([a, b]);
    }),
    { numRuns: 40 },
  );
});

test("a shell that sources a dotenv file reads every value as it was, and nothing besides", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      let lines: string;
      try {
        lines = renderExportLines([["A", a], ["B", b]], "dotenv"); // biome-ignore format: one line
      } catch {
        return;
      }
      expect(lines.split("\n")).toHaveLength(3);
      expect(sourced(lines, ["sh"])).toEqual([a, b]);
    }),
    { numRuns: 60 },
  );
});
