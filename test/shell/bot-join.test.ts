import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { requireTool } from "../support/tools.ts";
import {
  checksumLine,
  fakeBinary,
  fakeBundle,
  filledCore,
  modeOf,
  type ReleaseServer,
  type ShellJob,
  serveFiles,
  shellJob,
  shellKinds,
} from "./shell-job.ts";

const binaryNames = ["linux-x64", "linux-x64-musl", "linux-arm64", "macos-arm64"].map(
  (name) => `bot-join-${name}`,
);

const files = new Map<string, string | Uint8Array>([
  ["bot-join.cjs", fakeBundle],
  ["ssh-proxy.cjs", "exports.x = 1;\n"],
  ...binaryNames.map((name): [string, string] => [name, fakeBinary]),
]);

const checksums = [...files].map(([name, content]) => checksumLine(name, content)).join("\n");
const core = filledCore(checksums);

let server: ReleaseServer;

beforeAll(async () => {
  server = await serveFiles(files);
});

afterAll(() => server[Symbol.asyncDispose]());

/** Puts a program of this text on the job's PATH, never into the program of the machine that is linked there. */
function install(job: ShellJob, name: string, text: string): string {
  const path = job.path(`bin/${name}`);
  rmSync(path, { force: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function uname(job: ShellJob, system: string, machine: string): void {
  install(
    job,
    "uname",
    `#!/bin/sh\ncase $1 in -s) echo ${system} ;; -m) echo ${machine} ;; *) echo ${system} ${machine} ;; esac\n`,
  );
}

/** Expects one error text, in a job that has exported nothing and left nothing. */
function expectOneError(result: { stderr: string; stdout: string }, text: string | RegExp): void {
  expect(result.stderr.match(/^error: /gm), result.stderr).toHaveLength(1);
  expect(result.stderr).toMatch(text);
  expect(result.stdout).not.toContain("JOINED=yes");
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
const report = 'echo "status $? JOINED=${JOINED-none}"';

describe.each(shellKinds)("$name", (kind) => {
  beforeEach((context) => {
    requireTool(context, kind.command[0]);
    requireTool(context, "busybox");
  });

  const start = (options: Partial<Parameters<typeof shellJob>[1]> = {}): ShellJob =>
    shellJob(kind, { core, programs: ["node", "curl"], ...options });

  describe("finds the program", () => {
    test.each(["curl", "wget"])("downloads the bundle with %s, once for the job", async (downloader) => {
      using job = start({ programs: ["node", downloader] });
      const asked = server.asked.length;
      const result = await job.run(
        `bot_join_run start --format json; ${report}; bot_join_run start; printf '%s\\n' "$bot_join_dir"; find "$TMPDIR" -type f | sort`,
        { BOT_JOIN_DOWNLOAD_URL: `${server.url}/` },
      );
      expect(result).toMatchObject({ status: 0, stderr: "" });
      expect(server.asked.slice(asked)).toEqual(["ssh-proxy.cjs", "bot-join.cjs"]);
      const [first, directory = "", ...found] = result.stdout.trim().split("\n");
      expect(first).toBe("status 0 JOINED=yes");
      expect(job.calls().map((call) => JSON.parse(call).args)).toEqual([
        ["start", "--format", "json"],
        ["start"],
      ]);
      expect(found).toEqual(
        ["bot-join", "bot-join.cjs", "ssh-proxy.cjs"].map((name) => join(directory, name)),
      );
      for (let path = directory; path !== job.path("tmp"); path = join(path, ".."))
        expect(modeOf(path)).toBe(0o700);
    });

    test("takes a bundle that is there already, and downloads nothing", async () => {
      using job = start({ programs: ["node"] });
      for (const [name, content] of files) writeFileSync(job.path(`work/${name}`), content);
      const result = await job.run(`bot_join_run start; ${report}`, { BOT_JOIN_PROGRAM: "bot-join.cjs" });
      expect(result).toEqual({ status: 0, stderr: "", stdout: "status 0 JOINED=yes\n" });
    });

    test("takes a binary that is there already, without Node", async () => {
      using job = start({ programs: [] });
      const program = install(job, "my bot's $(touch pwned)", fakeBinary);
      const result = await job.run(`bot_join_run start a 'b c'; ${report}`, { BOT_JOIN_PROGRAM: program });
      expect(result).toEqual({ status: 0, stderr: "", stdout: "status 0 JOINED=yes\n" });
      expect(job.calls()).toEqual(["binary start a b c"]);
    });

    test.each([
      ["Linux", "x86_64", "glibc", "bot-join-linux-x64"],
      ["Linux", "x86_64", "musl", "bot-join-linux-x64-musl"],
      ["Linux", "aarch64", "glibc", "bot-join-linux-arm64"],
      ["Darwin", "arm64", "", "bot-join-macos-arm64"],
    ])("without Node, on %s %s %s, takes %s", async (system, machine, libc, name) => {
      using job = start({ programs: ["curl"], without: ["ldd", "uname"] });
      uname(job, system, machine);
      // The ldd of musl fails when it is asked for its version.
      install(job, "ldd", `#!/bin/sh\necho '${libc} libc' >&2\n${libc === "musl" ? "exit 1" : ""}\n`);
      const asked = server.asked.length;
      const result = await job.run(`bot_join_run start; ${report}; bot_join_run start`, {
        BOT_JOIN_DOWNLOAD_URL: server.url,
      });
      expect(result).toEqual({ status: 0, stderr: "", stdout: "status 0 JOINED=yes\n" });
      expect(server.asked.slice(asked)).toEqual([name]);
      expect(job.calls()).toEqual(["binary start", "binary start"]);
    });

    test.each(["v18.20.4", "v9.0.0", "garbage", "v", ""])("a Node that says %j is none", async (version) => {
      using job = start({ programs: ["curl"], without: ["uname"] });
      uname(job, "Linux", "x86_64");
      install(job, "node", `#!/bin/sh\necho '${version}'\n`);
      const result = await job.run("bot_join_run start", { BOT_JOIN_DOWNLOAD_URL: server.url });
      expect(result).toMatchObject({ status: 0, stderr: "" });
      expect(job.calls()).toEqual(["binary start"]);
    });

    test("BOT_JOIN_NODE names the Node to take", async () => {
      using job = start({ programs: ["curl"] });
      symlinkSync(process.execPath, job.path("my node"));
      const result = await job.run("bot_join_run start", {
        BOT_JOIN_DOWNLOAD_URL: server.url,
        BOT_JOIN_NODE: "../my node",
      });
      expect(result).toMatchObject({ status: 0, stderr: "" });
      expect(job.calls()).toHaveLength(1);
    });

    test("a compressed binary is taken where the release has one", async () => {
      const compressed = gzipSync(fakeBinary);
      const name = "bot-join-linux-x64";
      await using other = await serveFiles(new Map([[`${name}.gz`, compressed]]));
      using job = start({
        programs: ["curl"],
        without: ["uname"],
        core: filledCore(`${checksums}\n${checksumLine(`${name}.gz`, compressed)}`),
      });
      uname(job, "Linux", "x86_64");
      const result = await job.run("bot_join_run start", { BOT_JOIN_DOWNLOAD_URL: other.url });
      expect(result).toMatchObject({ status: 0, stderr: "" });
      expect(other.asked).toEqual([`${name}.gz`]);
      expect(job.calls()).toEqual(["binary start"]);
    });

    test("in a relative folder for temporary files, the command works from everywhere", async () => {
      using job = start();
      const result = await job.run('bot_join_run path; cd /; sh "$bot_join_dir/bot-join" tokens', {
        BOT_JOIN_DOWNLOAD_URL: server.url,
        TMPDIR: "../tmp",
        CI_JOB_ID: "7",
        GITLAB_CI: "true",
      });
      expect(result).toEqual({ status: 0, stderr: "", stdout: "" });
      expect(job.calls().map((call) => JSON.parse(call).state)).toEqual([
        `${job.path("work")}/../tmp/bot-join-job-7`,
      ]);
    });

    test("path sets the folder of the command, and prints nothing", async () => {
      using job = start();
      const result = await job.run('bot_join_run path; echo --; "$bot_join_dir/bot-join" tokens "a b"', {
        BOT_JOIN_DOWNLOAD_URL: server.url,
      });
      expect(result).toEqual({ status: 0, stderr: "", stdout: "--\n" });
      expect(job.calls().map((call) => JSON.parse(call).args)).toEqual([["tokens", "a b"]]);
    });
  });

  describe("fails with one error, and leaves nothing", () => {
    const failing = `if bot_join_run start; then ${report}; else ${report}; fi`;

    test.each<[what: string, Record<string, string>, Partial<Parameters<typeof shellJob>[1]>, RegExp]>([
      [
        "another file",
        {},
        { core: filledCore([...files.keys()].map((name) => checksumLine(name, "other")).join("\n")) },
        /is not the file that belongs to this release, and was thrown away: its SHA-256 is [0-9a-f]{64} instead of/,
      ],
      [
        "no checksum",
        {},
        { core: filledCore("") },
        /This release of bot-join, 9\.9\.9, has no ssh-proxy\.cjs for /,
      ],
      ["a copy that was never packed", {}, { core: filledCore("@X@", "@V@") }, /has no ssh-proxy\.cjs for /],
      [
        "404, with curl",
        { BOT_JOIN_DOWNLOAD_URL: "/nowhere" },
        {},
        /nowhere\/ssh-proxy\.cjs could not be downloaded: .*404/,
      ],
      [
        "404, with wget",
        { BOT_JOIN_DOWNLOAD_URL: "/nowhere" },
        { programs: ["node", "wget"] },
        /nowhere\/ssh-proxy\.cjs could not be downloaded: .*404/,
      ],
      [
        "no downloader",
        {},
        { programs: ["node"] },
        /could not be downloaded: neither curl nor wget is there/,
      ],
      ["nothing that checks", {}, { without: ["sha256sum", "shasum"] }, /Neither sha256sum nor shasum/],
      [
        "another kind of address",
        { BOT_JOIN_DOWNLOAD_URL: "file:///etc" },
        {},
        /BOT_JOIN_DOWNLOAD_URL: .* and not: file:\/\/\/etc/,
      ],
      [
        "no such program",
        { BOT_JOIN_PROGRAM: "/no/such.cjs" },
        {},
        /BOT_JOIN_PROGRAM: there is no file \/no\/such\.cjs/,
      ],
      [
        "a temporary folder that is none",
        { TMPDIR: "/proc/self/none" },
        {},
        /The folder \/proc\/self\/none\/bot-join-job-.* cannot be made/,
      ],
    ])("%s", async (_, env, options, text) => {
      using job = start(options);
      const url = env["BOT_JOIN_DOWNLOAD_URL"];
      const result = await job.run(failing, {
        ...env,
        BOT_JOIN_DOWNLOAD_URL: url === undefined || url.startsWith("/") ? `${server.url}${url ?? ""}` : url,
      });
      expect(result.stdout).toBe("status 1 JOINED=none\n");
      expectOneError(result, text);
      expect(job.calls()).toEqual([]);
      expect(job.leftOver()).toEqual([]);
    });

    test("a bundle, and no Node for it", async () => {
      using job = start({ programs: [] });
      writeFileSync(job.path("work/x.cjs"), fakeBundle);
      const result = await job.run(failing, { BOT_JOIN_PROGRAM: "x.cjs" });
      expectOneError(result, /there is no Node\.js 20 or newer to run it/);
      expect(job.leftOver()).toEqual([]);
    });

    test.each([
      ["SunOS", "sun4v"],
      ["Linux", "riscv64"],
    ])("no Node, and no binary for %s %s", async (system, machine) => {
      using job = start({ programs: ["curl"], without: ["uname"] });
      uname(job, system, machine);
      const result = await job.run(failing, { BOT_JOIN_DOWNLOAD_URL: server.url });
      expectOneError(
        result,
        new RegExp(`no binary of bot-join for ${system} ${machine}.*BOT_JOIN_NODE.*BOT_JOIN_PROGRAM`),
      );
      expect(job.leftOver()).toEqual([]);
    });

    test("a binary that does not run here", async () => {
      const name = "bot-join-linux-x64";
      const broken = "#!/bin/sh\nexit 127\n";
      await using other = await serveFiles(new Map([[name, broken]]));
      using job = start({
        programs: ["curl"],
        without: ["uname"],
        core: filledCore(checksumLine(name, broken)),
      });
      uname(job, "Linux", "x86_64");
      const result = await job.run(failing, { BOT_JOIN_DOWNLOAD_URL: other.url });
      expectOneError(result, /The binary bot-join-linux-x64 does not run on this machine/);
      expect(job.leftOver()).toEqual([]);
    });

    test.each([
      ["a link", (path: string, job: ShellJob) => symlinkSync(job.path("work"), path)],
      [
        "writable for others",
        (path: string) => {
          mkdirSync(path);
          chmodSync(path, 0o777);
        },
      ],
      ["a file", (path: string) => writeFileSync(path, "")],
    ])("the job's folder is %s", async (_, make) => {
      using job = start();
      make(job.path("tmp/state"), job);
      const result = await job.run(failing, {
        BOT_JOIN_DOWNLOAD_URL: server.url,
        BOT_JOIN_STATE_DIR: job.path("tmp/state"),
      });
      expectOneError(result, /is there and is a link, another user's, or writable for others/);
      expect(readdirSync(job.path("work"))).toEqual([]);
    });

    test.each([
      ["set -eu", 3, ""],
      ["set -u", 0, "status 3 JOINED=none\n"],
    ])("a join that is refused, in a shell with %s", async (options, status, stdout) => {
      using job = start();
      const result = await job.run(
        `bot_join_run start; ${report}`,
        { BOT_JOIN_DOWNLOAD_URL: server.url, FAIL: "3" },
        options,
      );
      expect(result).toEqual({ status, stdout, stderr: "error: the join was refused\n" });
      expect(job.leftOver().filter((name) => name.includes("exports"))).toEqual([]);
    });

    test.each(["", "stop", "start-all"])("the command %j", async (command) => {
      using job = start();
      const result = await job.run(`bot_join_run ${command} || echo "status $?"`);
      expect(result.stdout).toBe("status 2\n");
      expectOneError(result, /start, cleanup or path is expected/);
    });

    test("no text of a variable is a command of the CI system", async () => {
      using job = start();
      const hostile =
        "x\n##vso[task.setvariable variable=a]b\r\n::set-output name=a::b\n::add-mask x\n\u001b[0K\b###vso[x]y :::add-mask x ####vso[";
      const result = await job.run("bot_join_run start || :", { BOT_JOIN_PROGRAM: hostile });
      expectOneError(result, /there is no file/);
      expect(result.stderr.trim().split("\n")).toHaveLength(1);
      for (const sign of ["##", "::", "\u001b", "\r", "\b"]) expect(result.stderr).not.toContain(sign);
    });

    test("the password of a mirror's address is not shown", async () => {
      using job = start();
      const url = server.url.replace("//", "//robot:geheim@");
      const result = await job.run("bot_join_run start || :", { BOT_JOIN_DOWNLOAD_URL: `${url}/nowhere` });
      expectOneError(result, /http:\/\/\*\*\*@127\.0\.0\.1:.*could not be downloaded/);
      expect(result.stderr).not.toContain("geheim");
    });
  });

  describe("cleans up", () => {
    test("nothing, when there was no join", async () => {
      using job = start();
      expect(await job.run(`bot_join_run cleanup; ${report}`)).toEqual({
        status: 0,
        stdout: "status 0 JOINED=none\n",
        stderr: "",
      });
      expect(job.leftOver()).toEqual([]);
    });

    test("in another shell of the job, in which there is no Node any more", async () => {
      using job = start();
      const env = { BOT_JOIN_DOWNLOAD_URL: server.url, CI_JOB_ID: "7", GITLAB_CI: "true" };
      await job.run("bot_join_run start", env);
      const result = await job.run(`cd /; bot_join_run cleanup --id x; ${report}`, {
        ...env,
        BOT_JOIN_NODE: "/no/node",
        BOT_JOIN_DOWNLOAD_URL: "http://127.0.0.1:1",
      });
      expect(result).toMatchObject({ status: 0, stdout: "status 0 JOINED=none\n" });
      expect(job.calls().map((call) => JSON.parse(call).args)).toEqual([["start"], ["cleanup", "--id", "x"]]);
      expect(new Set(job.calls().map((call) => JSON.parse(call).state)).size).toBe(1);
    });

    test.each(["state", "state/bot-join-program", "state/bot-join-program/9.9.9"])(
      "and does not run what somebody else could have put into %s",
      async (folder) => {
        using job = start();
        const planted = job.path("tmp/state/bot-join-program/9.9.9/bot-join");
        mkdirSync(join(planted, ".."), { recursive: true, mode: 0o700 });
        writeFileSync(planted, "echo planted\n");
        chmodSync(job.path(`tmp/${folder}`), 0o777);
        const result = await job.run("bot_join_run cleanup", { BOT_JOIN_STATE_DIR: job.path("tmp/state") });
        expect(result).toMatchObject({ status: 0, stdout: "" });
        expectOneError(result, /is there and is a link, another user's, or writable for others/);
      },
    );

    test("parts of a download that was killed, and downloads nothing for it", async () => {
      using job = start();
      const state = job.path("tmp/state");
      const parts = join(state, "bot-join-program/9.9.9");
      mkdirSync(parts, { recursive: true, mode: 0o700 });
      for (const name of ["ssh-proxy.cjs", "download.abcdef"]) writeFileSync(join(parts, name), "half");
      const asked = server.asked.length;
      const result = await job.run(`bot_join_run cleanup; ${report}`, {
        BOT_JOIN_DOWNLOAD_URL: server.url,
        BOT_JOIN_STATE_DIR: state,
      });
      expect(result).toEqual({ status: 0, stdout: "status 0 JOINED=none\n", stderr: "" });
      expect(server.asked.slice(asked)).toEqual([]);
      expect(job.leftOver()).toEqual([]);
    });

    test("files, where no file for the variables can be made", async () => {
      using job = start();
      const env = { BOT_JOIN_DOWNLOAD_URL: server.url };
      await job.run("bot_join_run start", env);
      install(job, "mktemp", "#!/bin/sh\necho no room >&2\nexit 1\n");
      const result = await job.run(`bot_join_run cleanup; ${report}`, env);
      expect(result).toEqual({ status: 0, stdout: "status 0 JOINED=none\n", stderr: "" });
      expect(job.calls().map((call) => JSON.parse(call).args)).toEqual([["start"], ["cleanup"]]);
    });

    test.each(["HUP", "INT", "TERM"])(
      "a job of examples/any-ci that is cancelled by SIG%s",
      async (signal) => {
        using job = start();
        copyFileSync(job.path("bot-join.sh"), job.path("work/bot-join.sh"));
        install(job, "ssh", `#!/bin/sh\nkill -${signal} $PPID\n`);
        const pipeline = readFileSync(new URL("../../examples/any-ci/pipeline.sh", import.meta.url), "utf8");
        const { status } = await job.run(`${pipeline}\n:`, {
          BOT_JOIN_DOWNLOAD_URL: server.url,
          TELEPORT_SSH_CONFIG: "any",
        });
        expect(status).toBe(1);
        expect(job.calls().map((call) => JSON.parse(call).args)).toEqual([["start"], ["cleanup"]]);
      },
    );

    test("in the shell that has joined, and takes its variables back", async () => {
      using job = start();
      const result = await job.run(`bot_join_run start; ${report}; bot_join_run cleanup; ${report}`, {
        BOT_JOIN_DOWNLOAD_URL: server.url,
      });
      expect(result.stdout).toBe("status 0 JOINED=yes\nstatus 0 JOINED=none\n");
    });

    test.each([
      ["70", 0],
      ["127", 0],
      ["2", 2],
    ])("and does not fail the job, unless its arguments are wrong: %s", async (status, expected) => {
      using job = start();
      const env = { BOT_JOIN_DOWNLOAD_URL: server.url };
      await job.run("bot_join_run start", env);
      const result = await job.run("bot_join_run cleanup", { ...env, FAIL: status });
      expect(result.status).toBe(expected);
    });
  });

  describe("is a guest in the caller's shell", () => {
    const nasty = "a 'b' \"c\" `touch pwned` $(touch pwned) * \\ ;&";

    test("no value is executed: names of folders, addresses, arguments", async () => {
      using job = start({ folderName: 'it\'s "a" $(touch pwned) `touch pwned` \\ job' });
      const result = await job.run(
        'bot_join_run start "$NASTY"; bot_join_run path; "$bot_join_dir/bot-join" x "$NASTY"; bot_join_run cleanup "$NASTY"',
        { BOT_JOIN_DOWNLOAD_URL: server.url, NASTY: nasty, BOT_JOIN_STATE_DIR: join("..", `tmp/${nasty}`) },
      );
      expect(result).toMatchObject({ status: 0, stderr: "" });
      expect(job.calls().map((call) => JSON.parse(call).args)).toEqual([
        ["start", nasty],
        ["x", nasty],
        ["cleanup", nasty],
      ]);
      expect(readdirSync(job.path("work"))).toEqual([]);
    });

    test.each([
      "set -eu",
      "set +eu",
      "set -euC",
      "set -euf",
      "set -eua",
      "IFS=/; set -eu",
      "umask 022; set -eu",
    ])("options, positional parameters and variables stay: %s", async (options) => {
      using job = start();
      // Not compared: what every command changes, and what bash alone shows.
      const show = `set | sed -n 's/^\\([A-Za-z_][A-Za-z_0-9]*\\)=.*/\\1/p' | grep -vE '^(_|PIPESTATUS|BASH_.*|LINENO|FUNCNAME|before|after)$'`;
      const result = await job.run(
        [
          "set -- one 'two  three' ''",
          `before="$-|$IFS|$(umask)|$(${show})"`,
          "bot_join_run start; bot_join_run path; bot_join_run start",
          "unset JOINED bot_join_dir",
          `after="$-|$IFS|$(umask)|$(${show})"`,
          '[ "$before" = "$after" ] || printf "%s\\n--\\n%s\\n" "$before" "$after"',
          'printf "<%s>" "$#" "$@"',
        ].join("\n"),
        { BOT_JOIN_DOWNLOAD_URL: server.url },
        options,
      );
      expect(result).toEqual({ status: 0, stderr: "", stdout: "<3><one><two  three><>" });
    });
  });

  test.each<[platform: string, Record<string, string>, name: string]>([
    [
      "GitLab",
      { GITLAB_CI: "true", CI_JOB_ID: "123", CI_PROJECT_DIR: "WORK/p" },
      "work/p.tmp/bot-join-job-123",
    ],
    [
      "GitLab without its folder",
      { GITLAB_CI: "true", CI_JOB_ID: "123", CI_PROJECT_DIR: "/no" },
      "tmp/bot-join-job-123",
    ],
    [
      "CircleCI",
      { CIRCLECI: "true", CIRCLE_WORKFLOW_ID: "w", CIRCLE_BUILD_NUM: "5" },
      "tmp/bot-join-job-w-5-",
    ],
    ["Bitbucket", { BITBUCKET_BUILD_NUMBER: "5", BITBUCKET_STEP_UUID: "{a-b}" }, "tmp/bot-join-job-5-_a-b_"],
    ["env0", { ENV0_DEPLOYMENT_LOG_ID: "d/../x" }, "tmp/bot-join-job-d_.._x"],
    [
      "Azure",
      { TF_BUILD: "True", AGENT_TEMPDIRECTORY: "WORK", SYSTEM_PLANID: "p", SYSTEM_JOBID: "j" },
      "work/bot-join-job-p-j",
    ],
    ["a folder that was given", { BOT_JOIN_STATE_DIR: "here/it is/" }, "work/here/it is"],
  ])("keeps the folder of a job apart: %s", async (_, given, name) => {
    using job = start();
    mkdirSync(job.path("work/p.tmp"));
    const env = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, value.replace("WORK", job.path("work"))]),
    );
    const result = await job.run("bot_join_run start; cd /; bot_join_run start", {
      ...env,
      BOT_JOIN_DOWNLOAD_URL: server.url,
      ...("BOT_JOIN_STATE_DIR" in given ? { BOT_JOIN_STATE_DIR: job.path("work/here/it is/") } : {}),
    });
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(job.calls().map((call) => JSON.parse(call).state)).toEqual([job.path(name), job.path(name)]);
  });
});
