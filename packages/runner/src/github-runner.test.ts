import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BotJoinError, encodePem, Secret } from "@bot-join/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createGitHubRunner } from "./github-runner.ts";
import { captureStream } from "./testing.ts";

let directory: string;
const files = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"] as const;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bot-join-runner-"));
  for (const name of files) {
    writeFileSync(join(directory, name), "");
    vi.stubEnv(name, join(directory, name));
  }
  for (const name of ["RUNNER_DEBUG", "INPUT_DEBUG", "BOT_JOIN_DEBUG"]) vi.stubEnv(name, undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  rmSync(directory, { recursive: true });
});

const read = (name: (typeof files)[number]): string => readFileSync(join(directory, name), "utf8");

/** Reads `name<<delimiter` entries as the runner does. */
function entries(text: string): Record<string, string> {
  const found = text.matchAll(/^([^\n]+?)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name = "", , value = ""]) => [name, value]));
}

describe("createGitHubRunner", () => {
  it("masks a PEM line by line, and its body as one string, but not its armour", () => {
    using stdout = captureStream("stdout");
    const pem = encodePem("PRIVATE KEY", Buffer.alloc(100, 7));
    createGitHubRunner().mask(new Secret(pem));
    const masks = stdout.text().split("\n").filter(Boolean);
    const lines = pem.trim().split("\n").slice(1, -1);
    for (const line of [...lines, lines.join("")]) expect(masks).toContain(`::add-mask::${line}`);
    expect(masks).not.toContain("::add-mask::-----BEGIN PRIVATE KEY-----");
    expect(masks.every((line) => line.startsWith("::add-mask::"))).toBe(true);
  });

  it("writes outputs, variables and state to their files, also with line ends in the value", () => {
    using stdout = captureStream("stdout");
    const before = process.env["BOT_JOIN_TEST_VARIABLE"];
    const runner = createGitHubRunner();
    runner.setOutput("roles", "a,b");
    runner.setOutput("directory", "x\nroles=evil\nroles<<EOF\nevil\nEOF");
    runner.exportVariable("BOT_JOIN_TEST_VARIABLE", "v");
    runner.saveState("cleanup", '{"a":1}');
    expect(entries(read("GITHUB_OUTPUT"))).toEqual({
      roles: "a,b",
      directory: "x\nroles=evil\nroles<<EOF\nevil\nEOF",
    });
    expect(entries(read("GITHUB_ENV"))).toEqual({ BOT_JOIN_TEST_VARIABLE: "v" });
    expect(entries(read("GITHUB_STATE"))).toEqual({ cleanup: '{"a":1}' });
    expect(stdout.text()).toBe("");
    vi.stubEnv("BOT_JOIN_TEST_VARIABLE", before);
  });

  it("reads state, and its absence", () => {
    vi.stubEnv("STATE_cleanup", "x");
    expect(createGitHubRunner().getState("cleanup")).toBe("x");
    expect(createGitHubRunner().getState("other")).toBeUndefined();
  });

  it("keeps foreign text from becoming a command", () => {
    using stdout = captureStream("stdout");
    const { log } = createGitHubRunner();
    log.info("server said:\n::set-output name=x::y ##[add-path]/tmp");
    log.warn("server said:\n::stop-commands::x");
    log.debug("server said:\n::error::x");
    expect(stdout.text().split("\n")).toEqual([
      "server said:",
      ": :set-output name=x::y ## [add-path]/tmp",
      "::warning title=bot-join::server said:%0A::stop-commands::x",
      "::debug::server said:%0A::error::x",
      "",
    ]);
  });

  it.each([
    [{ INPUT_DEBUG: "true" }, "details\n"],
    [{ BOT_JOIN_DEBUG: "1" }, "details\n"],
    [{ INPUT_DEBUG: "true", RUNNER_DEBUG: "1" }, "::debug::details\n"],
    [{ INPUT_DEBUG: "maybe" }, "::debug::details\n"],
  ])("with %j shows debug lines as %j", (environment, expected) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    using stdout = captureStream("stdout");
    createGitHubRunner().log.debug("details");
    expect(stdout.text()).toBe(expected);
  });

  it("reports a failure as one annotation and fails the step", () => {
    using stdout = captureStream("stdout");
    const error = new BotJoinError({
      code: "ERR_X",
      kind: "denied",
      message: "No:\n::error::x",
      hint: "100% sure?",
    });
    createGitHubRunner().fail(error);
    expect(stdout.text()).toBe(
      "::error title=bot-join::No:%0A::error::x%0A100%25 sure?%0AERR_X, explained in docs/errors.md#err_x\n",
    );
    expect(process.exitCode).toBe(1);
  });

  it("writes a summary in which names are text", async () => {
    await createGitHubRunner().summary("Joined <x>", [
      ["Cluster", "demo.test"],
      ["Roles", "<img src=x>\n\n# & more"],
    ]);
    const text = read("GITHUB_STEP_SUMMARY");
    expect(text).toContain("<h3>Joined &lt;x&gt;</h3>");
    expect(text).toContain("<tr><th>Cluster</th><td>demo.test</td></tr>");
    expect(text).toContain("<td>&lt;img src=x&gt; # &amp; more</td>");
  });

  it("goes on without a summary where there is no place for it", async () => {
    vi.stubEnv("GITHUB_STEP_SUMMARY", join(directory, "missing"));
    using stdout = captureStream("stdout");
    await createGitHubRunner().summary("Joined", [["a", "b"]]);
    expect(stdout.text()).toMatch(/^::debug::No job summary was written: .*\n$/);
  });

  it("knows the folder that ends with the job", () => {
    vi.stubEnv("RUNNER_TEMP", "/runner/temp");
    expect(createGitHubRunner().temporaryDirectory()).toBe("/runner/temp");
    vi.stubEnv("RUNNER_TEMP", "");
    expect(createGitHubRunner().temporaryDirectory()).toBe(tmpdir());
  });

  it("collects the inputs", () => {
    vi.stubEnv("INPUT_CERTIFICATE-TTL", "2h");
    expect(createGitHubRunner().inputs()).toMatchObject({ "certificate-ttl": "2h" });
  });
});
