import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const directory = mkdtempSync(join(tmpdir(), "bot-join-context-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** `@actions/github` reads the environment once per process, so that each case needs a process of its own. */
function load(environment: Record<string, string>): unknown {
  const url = new URL("./load-github-context.ts", import.meta.url).href;
  const script = `const { loadGitHubContext } = await import(${JSON.stringify(url)});
    console.log(JSON.stringify(await loadGitHubContext(process.env)));`;
  const args = ["--input-type=module", "--no-warnings", "--eval", script];
  return JSON.parse(execFileSync(process.execPath, args, { env: environment, encoding: "utf8" }));
}

function eventFile(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const job = { GITHUB_EVENT_NAME: "pull_request", GITHUB_ACTOR: "mona" };
const base = { eventName: "pull_request", actor: "mona" };

describe("loadGitHubContext", () => {
  it.each([
    [
      "a fork",
      { pull_request: { head: { repo: { full_name: "a/b" } }, base: { repo: { full_name: "c/b" } } } },
      { ...base, pullRequest: { head: "a/b", base: "c/b" } },
    ],
    [
      "a deleted fork",
      { pull_request: { head: { repo: null }, base: { repo: { full_name: "c/b" } } } },
      { ...base, pullRequest: { base: "c/b" } },
    ],
    [
      "odd types",
      { pull_request: { head: 1, base: { repo: { full_name: 2 } } } },
      { ...base, pullRequest: {} },
    ],
    ["a push", { ref: "refs/heads/main" }, base],
  ])("reads %s", (name, event, expected) => {
    expect(load({ ...job, GITHUB_EVENT_PATH: eventFile(`${name}.json`, JSON.stringify(event)) })).toEqual(
      expected,
    );
  });

  it("makes do with the environment when the event file is damaged", () => {
    expect(load({ ...job, GITHUB_EVENT_PATH: eventFile("damaged.json", "{") })).toEqual(base);
  });

  it("needs no event file", () => {
    expect(load(job)).toEqual(base);
  });
});
