import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requireTool } from "../../../test/support/tools.ts";
import { type ProxyCommandOptions, proxyCommandLine, quoteShellWord } from "./proxy-command.ts";
import { renderSshConfig } from "./ssh-config.ts";
import { giveToChild, runAsChild, temporaryFolder } from "./test-support.ts";

const options: ProxyCommandOptions = {
  program: { kind: "bundle", node: "/opt/node/bin/node", script: "/tmp/out/ssh-proxy.cjs" },
  directory: "/tmp/out",
  proxy: "proxy.bot.test:443",
  cluster: "bot.test",
};

/** The words that `sh` makes of a line. */
function splitBySh(line: string): string[] {
  return execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);
}

/** What OpenSSH does to a ProxyCommand before the shell sees it: ssh_config(5), "TOKENS". */
function expandTokens(line: string, tokens: Record<string, string>): string {
  return line.replace(/%(.)/g, (_, sign: string) => (sign === "%" ? "%" : (tokens[sign] ?? `<${sign}?>`)));
}

test("the line, with defaults and with every option", () => {
  const start =
    "'/opt/node/bin/node' '/tmp/out/ssh-proxy.cjs' --destination-dir='/tmp/out' --proxy-server='proxy.bot.test:443' --cluster='bot.test'";
  expect(proxyCommandLine(options, "linux")).toBe(`${start} --user='%r' --host='%h' --port=%p`);
  expect(proxyCommandLine({ ...options, insecure: true, caFile: "/etc/web ca.pem" }, "darwin")).toBe(
    `${start} --insecure --ca-file='/etc/web ca.pem' --user='%r' --host='%h' --port=%p`,
  );
});

test("with an executable that holds both", () => {
  expect(
    proxyCommandLine(
      { ...options, program: { kind: "executable", path: "/opt/bot join/bot-join" } },
      "linux",
    ),
  ).toBe(
    "'/opt/bot join/bot-join' ssh-proxy-command --destination-dir='/tmp/out' --proxy-server='proxy.bot.test:443' " +
      "--cluster='bot.test' --user='%r' --host='%h' --port=%p",
  );
});

test("on Windows: double quotes and forward slashes", () => {
  const windows: ProxyCommandOptions = {
    ...options,
    program: {
      kind: "bundle",
      node: "C:\\Program Files\\nodejs\\node.exe",
      script: "D:\\a\\_temp\\bot-join\\ssh-proxy.cjs",
    },
    directory: "D:\\a\\_temp\\bot-join",
  };
  expect(proxyCommandLine(windows, "win32")).toBe(
    '"C:/Program Files/nodejs/node.exe" "D:/a/_temp/bot-join/ssh-proxy.cjs" --destination-dir="D:/a/_temp/bot-join" ' +
      '--proxy-server="proxy.bot.test:443" --cluster="bot.test" --user="%r" --host="%h" --port=%p',
  );
});

describe("what cannot be written is refused", () => {
  test.each<[NodeJS.Platform, string]>([
    ["linux", "/a\nb"],
    ["linux", "/a\tb"],
    ["linux", "/a\\b"],
    ["win32", 'C:\\a"b'],
    ["win32", "C:\\%PATH%"],
    ["win32", "C:\\$HOME"],
    ["win32", "C:\\a`b"],
    ["win32", "C:\\a\nb"],
  ])("on %s: %j", (platform, path) => {
    expect(() => proxyCommandLine({ ...options, program: { kind: "executable", path } }, platform)).toThrow(
      expect.objectContaining({ code: "ERR_OUTPUT_PROXY_COMMAND" }),
    );
  });
});

describe("quoting", () => {
  test("sh reads any word back as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const word = text.replaceAll("\0", "");
        expect(splitBySh(quoteShellWord(word))).toEqual([word]);
      }),
      { examples: [["'"], ["''"], ["a'b\"c`d$e\\f"], ["\n"], [""], ["-n"], ["%s"]] },
    );
  });

  test("after OpenSSH's expansion sh reads the whole line back, whatever user and host are but for a '", () => {
    const path = fc.string({ unit: fc.constantFrom(..." %'\"$`#~*?[](){};&|<>!^äß日ab/%h%%") });
    const foreign = fc.string({ unit: fc.constantFrom(...' %"$`#~*?[](){};&|<>!^\\\nab%h-') });
    fc.assert(
      fc.property(path, path, path, foreign, foreign, (node, script, directory, user, host) => {
        const line = proxyCommandLine(
          { ...options, program: { kind: "bundle", node, script }, directory },
          "linux",
        );
        expect(splitBySh(expandTokens(line, { r: user, h: host, p: "3022" }))).toEqual([
          node,
          script,
          `--destination-dir=${directory}`,
          "--proxy-server=proxy.bot.test:443",
          "--cluster=bot.test",
          `--user=${user}`,
          `--host=${host}`,
          "--port=3022",
        ]);
      }),
    );
  });
});

describe("real ssh with hostile names", () => {
  /** Runs ssh with a ProxyCommand that records its arguments; gives them, or undefined when ssh refused to start it. */
  async function argumentsSeen(
    ssh: string,
    user: string,
    host: string,
  ): Promise<{ seen?: string[]; harmed: boolean }> {
    using folder = await temporaryFolder();
    const [config, script, record, harm] = ["ssh_config", "ssh-proxy.cjs", "record", "harm"].map((name) =>
      join(folder.path, name),
    ) as [string, string, string, string];
    const command = proxyCommandLine(
      { ...options, program: { kind: "bundle", node: process.execPath, script }, directory: folder.path },
      "linux",
    );
    writeFileSync(
      config,
      renderSshConfig({
        clusters: ["bot.test"],
        proxyHost: "proxy.bot.test",
        proxyPort: 443,
        proxyCommand: () => command,
        directory: folder.path,
        perClusterFiles: false,
      }),
    );
    writeFileSync(
      script,
      `require("fs").writeFileSync(${JSON.stringify(record)}, JSON.stringify(process.argv.slice(2)))`,
    );
    await giveToChild(folder.path);
    const place = (text: string): string => text.replaceAll("HARM", harm);
    await runAsChild(ssh, ["-F", config, "-o", "BatchMode=yes", "-l", place(user), "--", place(host)]);
    const harmed = existsSync(harm);
    const seen = existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as string[]) : undefined;
    rmSync(record, { force: true });
    return seen === undefined ? { harmed } : { seen, harmed };
  }

  test.for(["a b", "a #b", "a$HOME", "a*b", "a\\b", "a%hb", "a~b", "~root", "[a-z]"])(
    "the user %j arrives as one word",
    async (user, context) => {
      const ssh = requireTool(context, "ssh");
      const { seen } = await argumentsSeen(ssh, user, "web.bot.test");
      expect(seen?.slice(-3)).toEqual([`--user=${user}`, "--host=web.bot.test", "--port=3022"]);
    },
  );

  test.for(["a*b.bot.test", "a!b~#^%h.bot.test", "[a-z].bot.test", "::1.bot.test"])(
    "the host %j arrives as one word",
    async (host, context) => {
      const ssh = requireTool(context, "ssh");
      const { seen } = await argumentsSeen(ssh, "deploy", host);
      expect(seen?.slice(-3)).toEqual(["--user=deploy", `--host=${host}`, "--port=3022"]);
    },
  );

  test.for<[string, string]>([
    ["$(touch HARM)", "web.bot.test"],
    ["`touch HARM`", "web.bot.test"],
    ["x;touch HARM;", "web.bot.test"],
    ["x\ntouch HARM\n", "web.bot.test"],
    ["deploy", "$(touch\tHARM).bot.test"],
    ["deploy", "`touch\tHARM`.bot.test"],
    ["deploy", "x;touch\tHARM;.bot.test"],
    ["deploy", "x'$(touch\tHARM)'.bot.test"],
    ["x'$(touch HARM)'", "web.bot.test"],
  ])("the user %j and the host %j run nothing", async ([user, host], context) => {
    const ssh = requireTool(context, "ssh");
    expect((await argumentsSeen(ssh, user, host)).harmed).toBe(false);
  });
});
