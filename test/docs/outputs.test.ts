import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { blocksOf, examples, pages } from "./pages.ts";

/** Pages that show configurations; the examples that these are parts of are run by test/e2e/config.test.ts and drop-ins.test.ts. */
const showing = ["outputs", "migrate-from-tbot", "migrate-from-teleport-actions"];

const shown = pages()
  .filter(({ path }) => showing.some((name) => path === `docs/${name}.md`))
  .flatMap(blocksOf);

const files = examples().filter(({ path }) => /^examples\/(outputs|github)\//.test(path));

/** What a diff leaves: its new and its common lines. */
function after(diff: string): string {
  return diff
    .split("\n")
    .filter((line) => !line.startsWith("-"))
    .map((line) => line.slice(1))
    .join("\n");
}

describe("configurations that the pages show", () => {
  const blocks = shown.filter(({ language, text }) => language === "yaml" || text.includes("uses:"));

  test("there are many", () => {
    expect(blocks.length).toBeGreaterThan(14);
  });

  test.each(blocks)("$page, line $line, is part of an example", ({ language, text }) => {
    const wanted = (language === "diff" ? after(text) : text).trimEnd();
    expect(files.filter((file) => file.text.includes(wanted)).map(({ path }) => path)).not.toEqual([]);
  });

  test("an example of each type of output is shown", () => {
    const texts = blocks.map(({ text }) => text).join("\n");
    for (const { path, text } of files.filter((file) => file.path.startsWith("examples/outputs/"))) {
      if (path.endsWith("resources.yaml")) continue;
      const { outputs } = parse(text) as { outputs: { type: string }[] };
      for (const { type } of outputs) expect(texts, path).toContain(`type: ${type}\n`);
    }
  });
});

describe("diffs of commands", () => {
  const diffs = shown.filter(({ language, text }) => language === "diff" && !text.includes("uses:"));

  test.each(diffs)("$page, line $line: only the program changes", ({ text }) => {
    const [before = "", now = ""] = text.trimEnd().split("\n");
    expect(now).toBe(before.replace("-tbot ", "+bot-join "));
  });
});
