import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type ServedRelease,
  type StartedPlatformJob,
  serveRelease,
  startPlatformJob,
} from "../e2e/platforms/platform-job.ts";
import { secretsShown } from "../e2e/platforms/secrets-shown.ts";

let release: ServedRelease;

beforeAll(async () => {
  release = await serveRelease({ platforms: ["any-ci"], bundles: ["bot-join", "ssh-proxy"] });
}, 60_000);

afterAll(() => release[Symbol.asyncDispose]());

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A job of some CI system, in which the command line is run as the shell core runs it. */
interface Cli {
  job: StartedPlatformJob;
  state: string;
  path(name: string): string;
  run(args: string[], env?: Record<string, string>): Promise<Result>;
  start(flags?: Record<string, string>, env?: Record<string, string>): Promise<Result>;
  cleanup(args?: string[], env?: Record<string, string>): Promise<Result>;
}

let job: StartedPlatformJob;
let cli: Cli;

beforeEach(async () => {
  job = await startPlatformJob({ example: "examples/any-ci" }, release, undefined);
  const path = (name: string): string => join(job.directory, name);
  mkdirSync(path("work"));
  const state = path("tmp/state");
  const run = async (args: string[], env: Record<string, string> = {}): Promise<Result> => {
    const child = spawn(process.execPath, [join(release.path, "programs/bot-join.cjs"), ...args], {
      cwd: path("work"),
      env: { ...job.environment, BOT_JOIN_STATE_DIR: state, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (chunk) => (text[name] += chunk));
    const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
    expect(secretsShown(text.stdout + text.stderr, job.idTokens)).toEqual([]);
    return { status, ...text };
  };
  cli = {
    job,
    state,
    path,
    run,
    async start(flags = {}, env = {}) {
      const all = { proxy: job.proxy, token: "ci-deploy", "join-method": "gitlab", ...flags };
      const args = Object.entries(all).map(([name, value]) => `--${name}=${value}`);
      const token = await job.idToken({ iss: "https://ci.example.com", sub: "pipeline:shop:deploy" });
      return run(["start", ...args], { BOT_JOIN_ID_TOKEN: token, ...env });
    },
    cleanup: (args = [], env = {}) => run(["cleanup", ...args], env),
  };
  job.prepared();
  return () => job[Symbol.asyncDispose]();
});

/** Expects a status, and shows what was said otherwise. */
function expectStatus(result: Result, status: number): void {
  expect(result.status, result.stdout + result.stderr).toBe(status);
}

function outputOf({ stdout }: Result, name: string): string {
  return new RegExp(`^${name}=(.*)$`, "m").exec(stdout)?.[1] ?? "";
}

describe("cleanup", () => {
  test("takes a join back, says what it removed, and has nothing to do the second time", async () => {
    const joined = await cli.start();
    expectStatus(joined, 0);
    const directory = outputOf(joined, "directory");
    expect(statSync(cli.state).mode & 0o777).toBe(0o700);
    const [note = "", ...others] = readdirSync(cli.state);
    expect(others).toEqual([]);
    expect(statSync(join(cli.state, note)).mode & 0o777).toBe(0o600);
    const first = await cli.cleanup();
    expect(first).toEqual({ status: 0, stdout: "", stderr: `Removed ${directory}.\n` });
    expect(job.changes()).toEqual([]);
    const second = await cli.cleanup();
    expect(second).toEqual({ status: 0, stdout: "", stderr: "There is no join to take back.\n" });
  });

  test("says so when nothing was left to remove", async () => {
    const directory = outputOf(await cli.start(), "directory");
    expectStatus(await cli.run(["cleanup", "--id", "other"]), 0);
    const child = spawn("rm", ["-r", directory]);
    await new Promise((resolve) => child.on("close", resolve));
    const { stderr } = await cli.cleanup();
    expect(stderr).toBe(`There was nothing left to remove in ${directory}.\n`);
    expect(job.changes()).toEqual([]);
  });

  test("finds the job's joins by the CI system's name for the job, without any export", async () => {
    const env = {
      GITLAB_CI: "true",
      CI_JOB_ID: "77",
      CI_PROJECT_DIR: cli.path("work"),
      BOT_JOIN_STATE_DIR: "",
    };
    mkdirSync(cli.path("work.tmp"));
    job.prepared();
    const joined = await cli.start({}, env);
    expectStatus(joined, 0);
    expect(outputOf(joined, "directory")).toContain(cli.path("work.tmp"));
    expect(readdirSync(cli.path("work.tmp"))).toContain("bot-join-job-77");
    expect((await cli.cleanup([], { ...env, CI_JOB_ID: "78" })).stderr).toBe(
      "There is no join to take back.\n",
    );
    expect((await cli.cleanup([], env)).stderr).toMatch(/^Removed /);
    expect(job.changes()).toEqual([]);
  });

  test("of two joins takes back both, or the one that is named", async () => {
    expectStatus(await cli.start({ directory: "one" }), 0);
    expectStatus(await cli.start({ directory: "two", id: "staging" }), 0);
    expect((await cli.cleanup(["--id", "staging"])).stderr).toBe(`Removed ${cli.path("work/two")}.\n`);
    expect(readdirSync(cli.path("work"))).toEqual(["one"]);
    expect((await cli.cleanup(["--id", "staging"])).stderr).toBe(
      "There is no join with the id staging to take back.\n",
    );
    expectStatus(await cli.start({ directory: "two", id: "staging" }), 0);
    expect((await cli.cleanup()).stderr).toBe(
      `Removed ${cli.path("work/two")}.\nRemoved ${cli.path("work/one")}.\n`,
    );
    expect(job.changes()).toEqual([]);
  });

  test("of two joins with the same id takes back both, and the variables to what they were before the first", async () => {
    const file = cli.path("exports");
    writeFileSync(file, "export TELEPORT_PROXY='elsewhere.test:443'\n");
    job.prepared();
    const env = { BOT_JOIN_EXPORT_FILE: file };
    const sourced = async (command: string): Promise<Result> => {
      const script = `set -eu; . "$1"; shift; exec "$@"`;
      const bundle = join(release.path, "programs/bot-join.cjs");
      const child = spawn("sh", ["-c", script, "sh", file, process.execPath, bundle, ...command.split(" ")], {
        cwd: cli.path("work"),
        env: {
          ...job.environment,
          ...env,
          BOT_JOIN_STATE_DIR: cli.state,
          BOT_JOIN_ID_TOKEN: await job.idToken({
            iss: "https://ci.example.com",
            sub: "pipeline:shop:deploy",
          }),
        },
      });
      let stderr = "";
      child.stderr.on("data", (chunk) => (stderr += chunk));
      const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
      return { status, stdout: "", stderr };
    };
    const start = `start --proxy ${job.proxy} --token ci-deploy --join-method gitlab --directory`;
    expectStatus(await sourced(`${start} one`), 0);
    expectStatus(await sourced(`${start} two`), 0);
    const cleanup = await sourced("cleanup");
    expectStatus(cleanup, 0);
    expect(cleanup.stderr.match(/ and restored the variables\.$/gm)).toHaveLength(2);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines.slice(-4).sort()).toEqual([
      "export TELEPORT_PROXY='elsewhere.test:443'",
      "unset TELEPORT_AUTH_SERVER",
      "unset TELEPORT_IDENTITY_FILE",
      "unset TELEPORT_SSH_CONFIG",
    ]);
    writeFileSync(file, "export TELEPORT_PROXY='elsewhere.test:443'\n");
    expect(job.changes()).toEqual([]);
  });

  test("leaves everything when cleanup is off", async () => {
    expectStatus(await cli.start({ directory: "kept", cleanup: "false" }), 0);
    expect(existsSync(cli.state)).toBe(false);
    await cli.cleanup();
    expect(readdirSync(cli.path("work"))).toEqual(["kept"]);
    expectStatus(await cli.start({ directory: "other" }), 0);
    const off = await cli.cleanup([], { BOT_JOIN_CLEANUP: "false" });
    expect(off).toMatchObject({ status: 0, stderr: "cleanup is off: everything was left as it is.\n" });
    expect(readdirSync(cli.path("work"))).toEqual(["kept", "other"]);
  });

  test("removes what a job left that was killed in the middle of the join", async () => {
    // Whoever connects gets no answer: the join stands still with its folder made and its note written.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const connected = new Promise((resolve) => silent.once("connection", resolve));
    const args = [
      "start",
      "--proxy",
      `127.0.0.1:${port}`,
      "--token",
      "t",
      "--join-method",
      "gitlab",
      "--directory",
      "out",
    ];
    const child = spawn(process.execPath, [join(release.path, "programs/bot-join.cjs"), ...args], {
      cwd: cli.path("work"),
      env: { ...job.environment, BOT_JOIN_STATE_DIR: cli.state, BOT_JOIN_ID_TOKEN: await job.idToken() },
      stdio: "ignore",
    });
    await connected;
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("close", resolve));
    silent.close();
    expect(readdirSync(cli.path("work/out"))).toEqual([".bot-join.lock"]);
    expect((await cli.cleanup()).stderr).toBe(`Removed ${cli.path("work/out")}.\n`);
    expect(job.changes()).toEqual([]);
  });

  test.each([
    ["a link in its place", () => symlinkSync(cli.path("work"), cli.state)],
    ["a damaged note", () => damage("{")],
    ["a note of another form", () => damage('{"id":"default","state":{"cleanup":"{}"}}')],
    [
      "a note with a name that leads out of its folder",
      () => damage(noteOf(cli.path("work"), ["../victim"])),
    ],
  ])("warns, and does not fail the job: %s", async (_, make) => {
    writeFileSync(cli.path("victim"), "");
    make();
    const result = await cli.cleanup();
    expect(result.status).toBe(0);
    expect(result.stderr).toMatch(/^warning: /);
    expect(existsSync(cli.path("victim"))).toBe(true);
  });

  test.each([
    ["--id", "../x"],
    ["--id", "a b"],
  ])("refuses arguments that cannot be meant: %s %s", async (flag, value) => {
    const result = await cli.cleanup([flag, value]);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain("ERR_CLI_FLAG");
  });
});

function damage(text: string): void {
  mkdirSync(cli.state, { mode: 0o700 });
  writeFileSync(join(cli.state, "join-1760000000001-0123456789ab.json"), text, { mode: 0o600 });
}

function noteOf(directory: string, files: string[]): string {
  const { dev, ino } = statSync(directory);
  const output = { directory, device: String(dev), inode: String(ino), madeFolders: [], files };
  return JSON.stringify({
    id: "x",
    state: { cleanup: JSON.stringify({ outputs: [output], variables: [] }) },
  });
}

describe("start", () => {
  test("that fails leaves neither files, nor variables, nor a note", async () => {
    const result = await cli.start({ token: "no-such", "export-file": cli.path("exports") });
    expect(result.status).toBe(3);
    expect(job.changes()).toEqual([]);
  });

  test.each<[string, Record<string, string>, string]>([
    ["an export file that cannot be written", { "export-file": "/proc/self/none" }, "ERR_EXPORT_FILE"],
    ["a state folder that cannot be made", { "state-dir": "/proc/self/none" }, "ERR_STATE_DIRECTORY"],
    [
      "a value that dotenv cannot hold",
      { "export-file": "e", "export-format": "dotenv", directory: "it's $x" },
      "ERR_EXPORT_VALUE",
    ],
  ])("refuses %s", async (_, flags, code) => {
    const result = await cli.start(flags);
    expectStatus(result, 2);
    expect(result.stderr).toContain(code);
    expect(job.changes()).toEqual([]);
  });

  const hostile = [
    "##vso[task.setvariable variable=x]y",
    "::set-output name=a::b",
    "::add-mask a",
    "section_start:1:a\r\u001b[0K",
  ];
  const text = `x'"$(touch pwned)\`touch pwned\`\n${hostile.join("\n")}`;

  test("no name of a branch or job and no claim becomes a command, and nothing is executed", async () => {
    const env = {
      GITLAB_CI: "true",
      CI_JOB_ID: text,
      CI_JOB_NAME: text,
      CI_COMMIT_REF_NAME: text,
      CI_CONFIG_PATH: text,
      BOT_JOIN_STATE_DIR: "",
    };
    const token = await job.idToken({
      iss: "https://ci.example.com",
      sub: text,
      ref: text,
      project_path: text,
    });
    const results = [
      await cli.start({}, { ...env, BOT_JOIN_ID_TOKEN: token }),
      await cli.start({}, { ...env, BOT_JOIN_ID_TOKEN: "" }),
      await cli.start({ "expect-bot": text }, env),
      await cli.start({}, env),
      await cli.cleanup([], env),
      await cli.cleanup(["--id", text], env),
    ];
    expect(results.map(({ status }) => status)).toEqual(
      [3, 3, 3, 0, 0, 2].map((status, index) => (index < 3 ? expect.any(Number) : status)),
    );
    for (const { stdout, stderr } of results) {
      for (const line of (stdout + stderr).split("\n")) {
        expect(line).not.toMatch(/^\s*::|##\w*\[|::add-mask|section_start:/);
        expect(line).not.toContain("\u001b");
        expect(line).not.toContain("\r");
      }
    }
    expect(results[0]?.stderr).toContain("pwned");
    expect(job.changes()).toEqual([]);
  });

  test.each(["--oneshot", "--oneshot=true", "--oneshot=false", "--no-oneshot"])(
    "accepts %s",
    async (flag) => {
      const token = await job.idToken({ iss: "https://ci.example.com", sub: "pipeline:shop:deploy" });
      const args = [
        "start",
        flag,
        "identity",
        "--proxy",
        job.proxy,
        "--token=ci-deploy",
        "--join-method=gitlab",
      ];
      const result = await cli.run(args, { BOT_JOIN_ID_TOKEN: token });
      expectStatus(result, 0);
      const says = result.stderr.includes("bot-join joins once and ends");
      expect(says).toBe(flag !== "--oneshot" && flag !== "--oneshot=true");
    },
  );
});
