import { describe, expect, test } from "vitest";
import { blocksOf, examples, pages } from "./pages.ts";

/** Pages whose YAML is that of the examples, which the end-to-end suite of the platforms parses and runs. */
const platforms = ["azure-devops", "env0", "spacelift"];

describe.each(platforms)("docs/%s.md", (platform) => {
  const blocks = pages()
    .filter(({ path }) => path === `docs/${platform}.md`)
    .flatMap(blocksOf)
    .filter(({ language }) => language === "yaml");
  const files = examples().filter(({ path }) => path.startsWith(`examples/${platform}/`));

  test("shows every file of its examples", () => {
    expect(files.length).toBeGreaterThan(1);
    for (const { path, text } of files) {
      expect(
        blocks.map((block) => block.text.trim()),
        path,
      ).toContain(text.trim());
    }
  });

  test("shows nothing that is no example", () => {
    const texts = files.map(({ text }) => text);
    for (const block of blocks) {
      expect(
        texts.some((text) => text.includes(block.text.trim())),
        `line ${block.line}`,
      ).toBe(true);
    }
  });
});
