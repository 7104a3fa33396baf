import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { pages, root } from "./pages.ts";

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function anchors(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] ?? ""));
}

describe.each(pages())("$path", ({ path, text }) => {
  test("every link leads to a file and a heading that exist", () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
    const broken = links
      .filter((link) => !link.startsWith("https://"))
      .filter((link) => {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? join(root, path) : normalize(join(root, dirname(path), file));
        // The bundles are made by another step and may not be there yet.
        if (!existsSync(target)) return !target.startsWith(join(root, "dist"));
        return anchor !== undefined && !anchors(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  test("folders and files that it names exist", () => {
    const named = [...text.matchAll(/`((?:packages|docs|examples|scripts|actions|dist)(?:\/[\w.-]+)*)`/g)];
    expect(named.map((match) => match[1] ?? "").filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });
});
