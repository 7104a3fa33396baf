import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** A page or an example, its path counted from the root. */
export interface Page {
  path: string;
  text: string;
}

/** A fenced block of a page. */
export interface Block {
  page: string;
  line: number;
  language: string;
  text: string;
}

function read(path: string): Page {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name))
    .map((name) => relative(root, join(root, folder, name)))
    .sort();
}

/** The README and every page of docs/ and examples/. */
export function pages(): Page[] {
  return ["README.md", ...filesBelow("docs", /\.md$/), ...filesBelow("examples", /\.md$/)].map(read);
}

/** The YAML files of examples/. */
export function examples(): Page[] {
  return filesBelow("examples", /\.ya?ml$/).map(read);
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: Page): Block[] {
  return [...page.text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page: page.path,
    line: page.text.slice(0, match.index).split("\n").length,
    language: match[1] ?? "",
    text: match[2] ?? "",
  }));
}

/** Every YAML text that a reader can copy: the blocks of all pages and the example files. */
export function yamlTexts(): Block[] {
  const files = examples().map(({ path, text }) => ({ page: path, line: 1, language: "yaml", text }));
  return [
    ...pages()
      .flatMap(blocksOf)
      .filter(({ language }) => language === "yaml"),
    ...files,
  ];
}
