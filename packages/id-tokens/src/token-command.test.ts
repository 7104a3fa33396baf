import { describe, expect, it } from "vitest";
import { maxIdTokenBytes } from "./claims.ts";
import { createFakeClock, everythingOf, failureOf, makeToken } from "./testing.ts";
import { readTokenCommand } from "./token-command.ts";
import type { TokenProgramOptions } from "./token-program.ts";

const secret = "hunter2-in-an-argument";

function run(script: string, overrides: Partial<TokenProgramOptions> = {}): Promise<string> {
  const line = `'${process.execPath}' --eval '${script}' ${secret}`;
  return readTokenCommand(line, {
    environment: { BOT_TEST: "from-outside" },
    clock: createFakeClock(),
    signal: new AbortController().signal,
    ...overrides,
  });
}

describe("readTokenCommand", () => {
  it("gives what was printed, trimmed, and passes the environment on", async () => {
    expect(await run("console.log(process.env.BOT_TEST, process.env.HOME)")).toBe("from-outside undefined");
  });

  it("runs no shell", async () => {
    const line = `'${process.execPath}' --print 'process.argv.slice(1).join()' '$(id)' ';' '|' x`;
    const options = { environment: {}, clock: createFakeClock(), signal: new AbortController().signal };
    expect(await readTokenCommand(line, options)).toBe("$(id),;,|,x");
  });

  it.each([
    [
      "a failing program",
      'console.error("no such role\\n::error::x"); process.exit(7)',
      "ended with status 7; it said: no such role ::error::x",
    ],
    [
      "one that shows the token",
      `console.error("got ${makeToken()}"); process.exit(1)`,
      "it said: got [redacted]",
    ],
    ["silence", "", "printed nothing"],
    ["too much", `process.stdout.write("x".repeat(${maxIdTokenBytes + 1}))`, "printed more than 64 KiB"],
    [
      "one that is killed",
      'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
      "was ended by SIGTERM",
    ],
  ])("tells %s", async (_name, script, text) => {
    const error = await failureOf(run(script));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_COMMAND_FAILED", kind: "user" });
    expect(error.message).toContain(text);
    expect(everythingOf(error)).not.toContain(secret);
    expect(everythingOf(error)).not.toContain(makeToken().split(".")[1]);
  });

  it.each([
    ["/none/such/program x", "was not found"],
    ["/etc/passwd", "could not be started (EACCES)"],
    ["'a\0b'", "could not be started"],
  ])("tells when %j cannot run", async (line, text) => {
    const options = { environment: {}, clock: createFakeClock(), signal: new AbortController().signal };
    const error = await failureOf(readTokenCommand(line, options));
    expect(error).toMatchObject({ code: "ERR_IDTOKEN_COMMAND_FAILED" });
    expect(error.message).toContain(text);
  });

  it.each(["", "  ", "'open", "''"])("refuses the line %j", async (line) => {
    const options = { environment: {}, clock: createFakeClock(), signal: new AbortController().signal };
    expect(await failureOf(readTokenCommand(line, options))).toMatchObject({
      code: "ERR_IDTOKEN_COMMAND_INVALID",
    });
  });

  it("ends a program that takes more than 30 s, even one that ignores signals", async () => {
    const clock = createFakeClock();
    const call = run('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)', { clock });
    setImmediate(() => clock.expire());
    const error = await failureOf(call);
    expect(error.message).toContain("did not end within 30s");
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const reason = new Error("cancelled");
    const call = run("setInterval(() => {}, 1000)", { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    expect(await failureOf(call)).toBe(reason);
  });
});
