import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requireTool } from "../../../test/support/tools.ts";
import { splitWords } from "./split-words.ts";

describe("splitWords", () => {
  it.each([
    ["", []],
    ["  \t\n ", []],
    ["vault read -field=token path", ["vault", "read", "-field=token", "path"]],
    ["a 'b c' \"d e\"", ["a", "b c", "d e"]],
    ["a'b'\"c\"d", ["abcd"]],
    ["'' \"\"", ["", ""]],
    ["a\\ b \\' \\\\", ["a b", "'", "\\"]],
    ['"\\" \\\\ \\x \\$"', ['" \\ \\x $']],
    ["'\\'", ["\\"]],
    ["$(id) `id` $HOME ; | & > *", ["$(id)", "`id`", "$HOME", ";", "|", "&", ">", "*"]],
    ["'open", undefined],
    ['"open', undefined],
    ['"open\\"', undefined],
    ["end\\", undefined],
  ])("splits %j", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it("agrees with the shell wherever only quotes, blanks and backslashes matter", (context) => {
    const sh = requireTool(context, "sh");
    const line = fc.string({
      unit: fc.constantFrom("a", "b", " ", "'", '"', "\\"),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(line, (text) => {
        const words = splitWords(text);
        // Shells differ over a backslash at the very end, and printf without words still prints one.
        fc.pre(!text.endsWith("\\") && words?.length !== 0);
        expect(words).toEqual(shellWords(sh, text));
      }),
      { numRuns: 60 },
    );
  });
});

function shellWords(sh: string, text: string): string[] | undefined {
  try {
    return execFileSync(sh, ["-c", `printf '%s\\0' ${text}`], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    })
      .split("\0")
      .slice(0, -1);
  } catch {
    return undefined;
  }
}
