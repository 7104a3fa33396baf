import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BotJoinError, Secret } from "@bot-join/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { createShellRunner, type ShellRunner, type ShellRunnerOptions } from "./shell-runner.ts";
import { captureStream } from "./testing.ts";

afterEach(() => {
  process.exitCode = undefined;
  vi.unstubAllEnvs();
});

function create(options: Partial<ShellRunnerOptions> = {}): ShellRunner {
  return createShellRunner({ flags: {}, format: "text", debug: false, ...options });
}

const hostile = "x ##vso[task.complete]\n::error::y\r::add-mask z section_start:1:a";

describe("createShellRunner", () => {
  it("writes outputs as lines, one each", () => {
    using stdout = captureStream("stdout");
    const runner = create();
    runner.setOutput("cluster", "demo.test");
    runner.setOutput("directory", "a\nroles=evil");
    runner.finish();
    expect(stdout.text()).toBe("cluster=demo.test\ndirectory=a roles=evil\n");
  });

  it("writes outputs as JSON when the command has ended well", () => {
    using stdout = captureStream("stdout");
    const runner = create({ format: "json", platform: "azure_devops" });
    runner.mask(new Secret("a secret value"));
    runner.setOutput("cluster", "demo.test");
    runner.setOutput("directory", hostile);
    expect(stdout.text()).toBe("");
    runner.finish();
    expect(JSON.parse(stdout.text())).toEqual({ cluster: "demo.test", directory: hostile });
    expect(stdout.text()).not.toMatch(/##|::|section_start:/);
  });

  it.each([
    [true, "d\ni\nwarning: w\n"],
    [false, "i\nwarning: w\n"],
  ])("logs to stderr, with debug %s as %j", (debug, expected) => {
    using stdout = captureStream("stdout");
    using stderr = captureStream("stderr");
    const { log } = create({ debug });
    log.debug("d");
    log.info("i");
    log.warn("w");
    expect(stderr.text()).toBe(expected);
    expect(stdout.text()).toBe("");
  });

  it("says nothing that a CI system takes for a command", () => {
    using stdout = captureStream("stdout");
    using stderr = captureStream("stderr");
    const runner = create({ debug: true });
    runner.log.info(hostile);
    runner.log.debug(hostile);
    runner.log.warn(hostile);
    runner.setOutput("branch", hostile);
    runner.fail(new BotJoinError({ code: "ERR_X", kind: "user", message: hostile, hint: hostile }));
    const text = stdout.text() + stderr.text();
    expect(text).not.toMatch(/##vso\[|^\s*::|::add-mask|section_start:|\r/m);
    expect(stdout.text().split("\n")).toHaveLength(2);
  });

  it("blanks masked secrets in the log and in errors, line by line", () => {
    using stderr = captureStream("stderr");
    using stdout = captureStream("stdout");
    const runner = create();
    runner.mask(new Secret("first-line\nsecond-line"));
    runner.log.info("a first-line b");
    runner.fail(new BotJoinError({ code: "ERR_X", kind: "cluster", message: "second-line!" }));
    expect(stderr.text()).toBe("a *** b\nerror: ***!\nERR_X, explained in docs/errors.md#err_x\n");
    expect(stdout.text()).toBe("");
    expect(process.exitCode).toBe(5);
  });

  it.each([
    ["spacelift", ["::add-mask first-line", "::add-mask second%line"]],
    ["azure_devops", ["##vso[task.setsecret]first-line", "##vso[task.setsecret]second%AZP25line"]],
    ["gitlab", []],
  ])("has %s blank secrets too, each once", (platform, expected) => {
    using stdout = captureStream("stdout");
    const runner = create({ platform });
    runner.mask(new Secret("first-line\nsecond%line"));
    runner.mask(new Secret("first-line"));
    expect(stdout.text().split("\n").slice(0, -1)).toEqual(expected);
  });

  it("appends variables to the file that was named, when all went well", () => {
    using folder = tempDir();
    const path = join(folder.path, "env");
    const runner = create({ flags: { "export-file": path, "export-format": "dotenv" } });
    runner.prepare();
    runner.exportVariable("TELEPORT_PROXY", "a b:443");
    expect(readFileSync(path, "utf8")).toBe("");
    runner.finish();
    expect(readFileSync(path, "utf8")).toBe("TELEPORT_PROXY='a b:443'\n");
    expect(process.env["TELEPORT_PROXY"]).toBeUndefined();
    expect(runner.environment["TELEPORT_PROXY"]).toBe("a b:443");
  });

  it.each([
    ["circleci", "BASH_ENV", "export A='b'\n"],
    ["env0", "ENV0_ENV", "A=b\n"],
  ])("knows the file of %s, %s, and the calling shell's", (platform, variable, line) => {
    using folder = tempDir();
    const [path, caller] = [join(folder.path, "env"), join(folder.path, "caller")];
    vi.stubEnv(variable, path);
    vi.stubEnv("BOT_JOIN_CALLER_EXPORTS", caller);
    const runner = create({ platform });
    runner.prepare();
    runner.exportVariable("A", "b");
    runner.finish();
    expect([readFileSync(path, "utf8"), readFileSync(caller, "utf8")]).toEqual([line, "export A='b'\n"]);
  });

  it("leaves neither variables nor state of a join that failed", () => {
    using folder = tempDir();
    using stderr = captureStream("stderr");
    const flags = { "export-file": join(folder.path, "env"), "state-dir": join(folder.path, "state") };
    const runner = create({ flags });
    runner.prepare();
    runner.saveState("cleanup", "x");
    runner.exportVariable("A", "b");
    expect(readdirSync(folder.path)).toEqual(["env", "state"]);
    runner.fail(new Error("x"));
    expect(readdirSync(folder.path)).toEqual([]);
    expect(stderr.text()).toContain("error: ");
  });

  it("keeps state under the identity's id", async () => {
    using folder = tempDir();
    using stdout = captureStream("stdout");
    const flags = { "state-dir": join(folder.path, "state"), id: " staging " };
    const runner = create({ flags });
    runner.saveState("cleanup", "x");
    await runner.summary("Joined", [["a", "b"]]);
    expect(runner.getState("cleanup")).toBe("x");
    const later = create({ flags: { "state-dir": join(folder.path, "state") } });
    expect(later.getState("cleanup")).toBeUndefined();
    expect(later.job.joins(() => {})).toMatchObject([{ id: "staging", state: { cleanup: "x" } }]);
    expect(stdout.text()).toBe("");
    expect(runner.temporaryDirectory()).toBe(tmpdir());
  });

  it("collects the inputs from its flags", () => {
    expect(create({ flags: { proxy: "flag" } }).inputs()).toMatchObject({ proxy: "flag" });
  });
});
