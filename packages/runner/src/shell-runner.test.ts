import { tmpdir } from "node:os";
import { BotJoinError, Secret } from "@bot-join/core";
import { afterEach, describe, expect, it } from "vitest";
import { createShellRunner, type ShellRunner, type ShellRunnerOptions } from "./shell-runner.ts";
import { captureStream } from "./testing.ts";

afterEach(() => {
  process.exitCode = undefined;
});

function create(options: Partial<ShellRunnerOptions> = {}): ShellRunner {
  return createShellRunner({ flags: {}, format: "text", debug: false, ...options });
}

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
    const runner = create({ format: "json" });
    runner.setOutput("cluster", "demo.test");
    runner.setOutput("directory", "a\nb");
    expect(stdout.text()).toBe("");
    runner.finish();
    expect(JSON.parse(stdout.text())).toEqual({ cluster: "demo.test", directory: "a\nb" });
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

  it("blanks masked secrets in the log and in errors, line by line", () => {
    using stderr = captureStream("stderr");
    const runner = create();
    runner.mask(new Secret("first-line\nsecond-line"));
    runner.log.info("a first-line b");
    runner.fail(new BotJoinError({ code: "ERR_X", kind: "cluster", message: "second-line!" }));
    expect(stderr.text()).toBe("a *** b\nerror: ***!\nERR_X, explained in docs/errors.md#err_x\n");
    expect(process.exitCode).toBe(5);
  });

  it("has neither state nor summary, and leaves the environment alone", async () => {
    using stdout = captureStream("stdout");
    using stderr = captureStream("stderr");
    const runner = create();
    runner.saveState("cleanup", "x");
    runner.exportVariable("BOT_JOIN_TEST_VARIABLE", "x");
    await runner.summary("Joined", [["a", "b"]]);
    expect(runner.getState("cleanup")).toBeUndefined();
    expect(process.env["BOT_JOIN_TEST_VARIABLE"]).toBeUndefined();
    expect(stdout.text() + stderr.text()).toBe("");
    expect(runner.temporaryDirectory()).toBe(tmpdir());
  });

  it("collects the inputs from its flags", () => {
    expect(create({ flags: { proxy: "flag" } }).inputs()).toMatchObject({ proxy: "flag" });
  });
});
