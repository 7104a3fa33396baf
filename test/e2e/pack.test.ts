import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildBundles } from "../../scripts/bundle.ts";
import { embed } from "../../scripts/pack/embed.ts";
import { packRelease } from "../../scripts/pack.ts";
import { root } from "../docs/pages.ts";
import { tempDir } from "../support/temp-dir.ts";
import { requireTool } from "../support/tools.ts";

describe("embedding a text into a template", () => {
  test.each([
    ["indented like the marker", "a:\n  @X@\nb\n", "one\ntwo\n", "a:\n  one\n  two\nb\n"],
    ["empty lines stay empty", "  @X@\n", "one\n\ntwo", "  one\n\n  two\n"],
    ["signs that replacements know are text", "@X@\n", "$& $1 $$", "$& $1 $$\n"],
  ])("%s", (_, template, text, whole) => {
    expect(embed(template, "@X@", text)).toBe(whole);
  });

  test.each([
    ["no such line", "a @X@\n"],
    ["two such lines", "@X@\n@X@\n"],
  ])("%s: it is refused", (_, template) => {
    expect(() => embed(template, "@X@", "text")).toThrow(/one is meant/);
  });
});

test("two releases of the same sources are the same, and their checksums are right", {
  timeout: 120_000,
}, async (context) => {
  const sha256sum = requireTool(context, "sha256sum");
  using one = tempDir();
  using other = tempDir();
  const programs = await buildBundles();
  const files = await packRelease(one.path, programs);
  await packRelease(other.path, programs);
  const checksums = readFileSync(join(one.path, "checksums.txt"), "utf8");
  expect(readFileSync(join(other.path, "checksums.txt"), "utf8")).toBe(checksums);
  execFileSync(sha256sum, ["--check", "--strict", "--quiet", "checksums.txt"], { cwd: one.path });
  const written = readdirSync(one.path, { recursive: true, encoding: "utf8" });
  const paths = written.filter((path) => statSync(join(one.path, path)).isFile());
  expect(paths.sort()).toEqual([...files.keys()].sort());
  for (const path of paths) {
    const text = readFileSync(join(one.path, path));
    expect(text.includes("@BOT_JOIN_"), `${path} has a placeholder`).toBe(false);
  }
});

test("npm run pack says when it packs without binaries", { timeout: 60_000 }, () => {
  using folder = tempDir();
  const args = ["scripts/pack.ts", "--out", join(folder.path, "out"), "--binaries", folder.path];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(status, stderr).toBe(0);
  expect(stderr).toContain(`No binaries in ${folder.path}`);
  expect(stdout).toContain("checksums.txt");
});
