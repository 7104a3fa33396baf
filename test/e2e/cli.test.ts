import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Emulator } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEmulator, testResources } from "../support/emulator.ts";
import { type BundleResult, bundlePath, nodePrograms, runBundle } from "../support/run-bundle.ts";
import { tempDir } from "../support/temp-dir.ts";
import { type Job, startJob } from "./job.ts";
import { expectNothingLeaked, privateKeysBelow } from "./secrets.ts";

const identityFiles = 13;

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterAll(() => emulator[Symbol.asyncDispose]());

/** Runs the command line in a job's workspace, with the job's identity and nothing of GitHub's inputs. */
async function cli(
  job: Job,
  node: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<BundleResult> {
  const result = await runBundle("bot-join.cjs", {
    node,
    args,
    cwd: job.workspace,
    env: { ...job.github.env, TMPDIR: job.folder, ...env },
  });
  const secrets = [
    ...job.idTokens.map((value) => ({ what: "an ID token", value })),
    { what: "the request token", value: job.github.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "no such token" },
    ...privateKeysBelow(job.folder),
  ];
  expectNothingLeaked(secrets, [result], job.folder, []);
  // A masking command would be a mistake: nobody reads it here.
  expect(`${result.stdout}${result.stderr}`).not.toContain("::");
  return result;
}

function parseText(stdout: string): Record<string, string> {
  return Object.fromEntries(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** A running `bot-join emulate`. */
interface LocalCluster extends AsyncDisposable {
  stdout(): string;
  stderr(): string;
  /** Sends a signal and gives how the process ended. */
  end(signal: NodeJS.Signals): Promise<unknown[]>;
}

/** Starts `bot-join emulate` and waits until it has said everything. */
async function startEmulate(node: string, temporary: string, args: string[]): Promise<LocalCluster> {
  const child = spawn(node, [bundlePath("bot-join.cjs"), "emulate", ...args], {
    env: { TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 18_000,
    killSignal: "SIGKILL",
  });
  const ended = once(child, "close");
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const failed = ended.then(([status]) =>
    Promise.reject(new Error(`emulate ended with ${status}: ${said.stderr}`)),
  );
  failed.catch(() => undefined);
  while (!said.stdout.includes("Ctrl-C ends it.")) await Promise.race([once(child.stdout, "data"), failed]);
  const end = (signal: NodeJS.Signals): Promise<unknown[]> => {
    child.kill(signal);
    return ended;
  };
  return {
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    end,
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
    },
  };
}

for (const node of nodePrograms()) {
  const start = (): Promise<Job> => startJob(emulator, { node: node.path });

  describe(`bot-join start on ${node.name}`, () => {
    const tbotFlags = (job: Job): string[] => [
      `--proxy-server=${emulator.proxyAddress}`,
      "--token=ghcom",
      "--join-method=github",
      `--ca-file=${job.caFile}`,
    ];

    test("tbot's flags: outputs as text on stdout, the log on stderr", async () => {
      await using job = await start();
      const args = ["start", "identity", ...tbotFlags(job), "--destination", "out", "--oneshot"];
      const result = await cli(job, node.path, args);
      expect(result.status, result.stderr).toBe(0);
      const directory = join(job.workspace, "out");
      expect(parseText(result.stdout)).toMatchObject({
        directory,
        "identity-file": join(directory, "identity"),
        cluster: "bot.test",
        bot: "robot",
        roles: "ssh-access,deploy-only",
        logins: "root,deploy",
      });
      expect(readdirSync(directory)).toHaveLength(identityFiles);
      expect(result.stderr).toMatch(
        /^ID token from GitHub Actions.*\nJoined bot\.test.*\nCertificates.*\nWrote 13 files/,
      );
      expect(readFileSync(job.github.env["GITHUB_ENV"] ?? "", "utf8")).toBe("");
    });

    test.for([
      ["the legacy form", ["start", "--destination-dir=out", "--oneshot"]],
      ["a file: destination", ["start", "legacy", "--destination=file://WORKSPACE/out", "--oneshot"]],
      [
        "the vocabulary's names",
        ["start", "--directory=out", "--certificate-ttl=30m", "--roles=deploy-only"],
      ],
      [
        "tbot's flags without effect",
        ["start", "identity", "--destination=out", "--data-dir=/nowhere", "--log-format=json", "--oneshot"],
      ],
    ] as const)("%s", async ([, args]) => {
      await using job = await start();
      const given = args.map((arg) => arg.replace("WORKSPACE", job.workspace));
      const result = await cli(job, node.path, [...given, ...tbotFlags(job)]);
      expect(result.status, result.stderr).toBe(0);
      expect(readdirSync(join(job.workspace, "out"))).toHaveLength(identityFiles);
      expect(existsSync("/nowhere")).toBe(false);
    });

    test("--format json prints one object, and nothing else on stdout", async () => {
      await using job = await start();
      const args = ["start", ...tbotFlags(job), "--directory=out", "--format=json", "--oneshot"];
      const result = await cli(job, node.path, args);
      expect(result.status, result.stderr).toBe(0);
      expect(JSON.parse(result.stdout)).toMatchObject({
        directory: join(job.workspace, "out"),
        cluster: "bot.test",
        bot: "robot",
      });
    });

    test("everything from the environment, tbot's variables among it; a flag wins", async () => {
      await using job = await start();
      const env = {
        TELEPORT_PROXY: emulator.proxyAddress,
        TELEPORT_BOT_TOKEN: "no-such-token",
        BOT_JOIN_CA_FILE: job.caFile,
        BOT_JOIN_DIRECTORY: "out",
      };
      const refused = await cli(job, node.path, ["start"], env);
      expect(refused.status, refused.stderr).toBe(3);
      expect(refused.stderr).toContain("ERR_JOIN_TOKEN_NOT_FOUND");
      expect(refused.stdout).toBe("");
      expect(existsSync(join(job.workspace, "out"))).toBe(false);
      const result = await cli(job, node.path, ["start", "--token=ghcom"], env);
      expect(result.status, result.stderr).toBe(0);
      expect(readdirSync(join(job.workspace, "out"))).toHaveLength(identityFiles);
    });

    test.for([
      [
        "an unknown flag, without its value",
        ["--certificate-tll=1h"],
        1,
        /unknown option '--certificate-tll'\n.*Did you mean --certificate-ttl\?/,
      ],
      ["two names of one input", ["--proxy-server=a", "--proxy=b"], 2, /--proxy.*ERR_CLI_FLAG/s],
      [
        "a value that cannot be",
        ["--timeout=soon"],
        2,
        /timeout: "soon" cannot be used[\s\S]*ERR_INPUT_INVALID/,
      ],
      ["missing inputs", [], 2, /proxy: missing[\s\S]*token: missing[\s\S]*ERR_INPUT_INVALID/],
      [
        "another kind of destination",
        ["--destination=kubernetes-secret://x", "--proxy=a", "--token=b", "--join-method=github"],
        2,
        /kubernetes_secret are not possible[\s\S]*ERR_RUN_OUTPUTS_INPUT/,
      ],
    ] as const)("refuses %s", async ([, args, status, message]) => {
      await using job = await start();
      const result = await cli(job, node.path, ["start", ...args]);
      expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: "" });
      expect(result.stderr).toMatch(message);
      expect(job.newEntries()).toEqual([]);
    });

    test("refuses forms that are no outputs, and names the nearest", async () => {
      await using job = await start();
      for (const [output, message] of [
        ["ssh-multiplexer", /a multiplexer is a service that runs on/],
        ["identiy", /Did you mean identity\?/],
      ] as const) {
        const result = await cli(job, node.path, ["start", output, ...tbotFlags(job)]);
        expect(result.status).toBe(2);
        expect(result.stderr).toMatch(message);
      }
    });

    test("each kind of failure has its exit status: 4 for the network", async () => {
      await using job = await start();
      const args = [
        "start",
        ...tbotFlags(job).slice(1),
        "--proxy=localhost:1",
        "--directory=out",
        "--retries=1",
      ];
      const result = await cli(job, node.path, args);
      expect(result.status).toBe(4);
      expect(result.stderr).toContain("ERR_TRANSPORT_UNREACHABLE");
      expect(existsSync(join(job.workspace, "out"))).toBe(false);
    });

    test("a secret token is not shown, be it right or wrong", async () => {
      await using job = await start();
      const token = "wr0ng-s3cret-of-a-token";
      job.addSecret({ what: "the secret token", value: token });
      const args = [
        "start",
        `--proxy=${emulator.proxyAddress}`,
        `--ca-file=${job.caFile}`,
        "--join-method=token",
      ];
      const result = await cli(job, node.path, args, { BOT_JOIN_TOKEN: token });
      expect(result.status).toBe(3);
      expect(`${result.stdout}${result.stderr}`).not.toContain(token);
      expect(result.stderr).toContain("ERR_JOIN_TOKEN_NOT_FOUND");
    });
  });

  describe(`bot-join on ${node.name}`, () => {
    test("help and version; an unknown command names the nearest", async () => {
      await using job = await start();
      const help = await cli(job, node.path, ["--help"]);
      expect(help.status).toBe(0);
      for (const name of ["start", "ssh-proxy-command", "emulate", "demo"])
        expect(help.stdout).toContain(name);
      expect((await cli(job, node.path, ["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
      const unknown = await cli(job, node.path, ["strat"]);
      expect(unknown.status).not.toBe(0);
      expect(unknown.stderr).toMatch(/unknown command 'strat'[\s\S]*Did you mean start\?/);
    });

    test("emulate: says where it is, is joined from outside, and ends on SIGTERM with nothing left", async () => {
      using folder = tempDir();
      const at = (name: string): string => join(folder.path, name);
      const token = "l0cal-s3cret-t0ken-for-emulate";
      mkdirSync(at("resources"));
      writeFileSync(
        at("resources/all.yaml"),
        `${testResources}---\n{kind: token, version: v2, metadata: {name: ${token}}, spec: {roles: [Bot], bot_name: robot, join_method: token}}\n`,
      );
      await using local = await startEmulate(node.path, folder.path, [
        `--resources=${at("resources")}`,
        `--ca-file=${at("ca.pem")}`,
        `--job-env=${at("job.env")}`,
        "--cluster=local.test",
        "--claim=repository=acme/shop",
      ]);
      expect(local.stdout()).toMatch(/^TrustedUserCAKeys for an sshd: (ssh|ecdsa)-\S+ \S+$/m);
      const proxy = /^Cluster local\.test .*proxy (localhost:\d+)\.$/m.exec(local.stdout())?.[1] ?? "";

      await using job = await start();
      const args = (directory: string): string[] => [
        "start",
        `--proxy=${proxy}`,
        `--ca-file=${at("ca.pem")}`,
        `--directory=${directory}`,
      ];
      // A job of another issuer is told apart, the one it plays itself is let in, and so is a secret token.
      const stranger = await cli(job, node.path, [...args("a"), "--token=ghcom"]);
      expect(stranger.status).not.toBe(0);
      expect(stranger.stderr).toContain(`The cluster at ${proxy} refused`);
      const jobEnv = Object.fromEntries(
        [...readFileSync(at("job.env"), "utf8").matchAll(/^export (\w+)='(.*)'$/gm)].map(
          ([, name = "", value = ""]) => [name, value],
        ),
      );
      const known = await cli(job, node.path, [...args("b"), "--token=ghcom"], jobEnv);
      expect(known.status, known.stderr).toBe(0);
      const secret = await cli(job, node.path, [...args("c"), "--join-method=token"], {
        BOT_JOIN_TOKEN: token,
      });
      expect(secret.status, secret.stderr).toBe(0);

      expect(await local.end("SIGTERM")).toEqual([0, null]);
      expect(readdirSync(folder.path).sort()).toEqual(["ca.pem", "job.env", "resources"]);
      // Each event is a line of JSON; none holds a secret.
      const events = local
        .stderr()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as object);
      expect(events).toMatchObject([
        { type: "join", outcome: "refused", token: "ghcom" },
        { type: "join", outcome: "accepted", token: "ghcom", bot: "robot" },
        { type: "certificates" },
        { type: "join", outcome: "accepted", bot: "robot" },
        { type: "certificates" },
      ]);
      const secrets = [
        { what: "the secret token", value: token },
        { what: "the request token", value: jobEnv["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "?" },
        ...job.idTokens.map((value) => ({ what: "an ID token", value })),
      ];
      const said = { status: 0, signal: null, stdout: local.stdout(), stderr: local.stderr() };
      expectNothingLeaked(secrets, [said, stranger, known, secret], folder.path, [
        at("job.env"),
        at("resources/all.yaml"),
      ]);
    });

    test.for([
      ["a folder that is not there", ["--resources=/no/such/folder"], "ERR_CLI_RESOURCES"],
      ["a node without an address", ["--resources=.", "--node=web-1"], "ERR_CLI_FLAG"],
      ["a version that it is not", ["--resources=.", "--teleport-version=3"], "ERR_CLI_FLAG"],
    ] as const)("emulate refuses %s", async ([, args, code]) => {
      await using job = await start();
      const result = await cli(job, node.path, ["emulate", ...args]);
      expect(result.status).toBe(2);
      expect(result.stderr).toContain(code);
    });

    test("emulate refuses a document with mistakes, with their places", async () => {
      await using job = await start();
      writeFileSync(join(job.workspace, "bad.yaml"), "kind: token\nversion: v2\nmetadata: {nam: x}\n");
      const result = await cli(job, node.path, ["emulate", "--resources=."]);
      expect(result.status).toBe(2);
      expect(result.stderr).toMatch(/bad\.yaml/);
      expect(result.stderr).toMatch(/ERR_RESOURCE_/);
    });
  });
}
