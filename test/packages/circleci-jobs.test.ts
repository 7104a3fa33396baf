import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { circleciEnvironment, packedOrb } from "../e2e/platforms/circleci.ts";
import {
  root,
  type ServedRelease,
  type StartedPlatformJob,
  serveRelease,
  startPlatformJob,
} from "../e2e/platforms/platform-job.ts";
import { type ResolvedJob, resolveJobs } from "../support/circleci-config.ts";
import {
  CircleciMachine,
  type CircleciMachineOptions,
  type CircleciRun,
} from "../support/circleci-machine.ts";
import type { ConfigValue, Mapping } from "../support/circleci-parameters.ts";
import { expectHarmless, expectOneError, hostileText, startSilentProxy } from "./bad-jobs.ts";

const example = "examples/circleci";
const text = readFileSync(join(root, example, ".circleci/config.yml"), "utf8");

let release: ServedRelease;
let orb: Mapping;
let job: StartedPlatformJob;

beforeAll(async () => {
  release = await serveRelease({ platforms: ["circleci"], bundles: ["bot-join", "ssh-proxy"] });
  orb = packedOrb(release.path);
}, 120_000);

afterAll(() => release[Symbol.asyncDispose]());

beforeEach(async () => {
  job = await startPlatformJob({ example }, release, undefined);
});

afterEach(() => job[Symbol.asyncDispose]());

/** The example's job with other steps: `join` stands for the example's own join with these parameters added. */
function jobOf(...steps: (Mapping | string)[]): ResolvedJob {
  const { jobs } = parse(job.fit(text)) as { jobs: { deploy: { steps: Mapping[] } } };
  const { deploy } = jobs;
  const own = deploy.steps.find((step) => typeof step === "object" && "bot-join/join" in step)?.[
    "bot-join/join"
  ];
  deploy.steps = steps.map((step) => {
    if (typeof step === "string" || !("join" in step)) return step as Mapping;
    return { "bot-join/join": { ...(own as Mapping), ...(step["join"] as Mapping) } };
  });
  const config = { jobs: jobs as unknown as ConfigValue, workflows: { all: { jobs: ["deploy"] } } };
  const [resolved] = resolveJobs(config, { "bot-join": orb }).values();
  if (resolved === undefined) throw new Error("there is no job");
  return resolved;
}

async function machine(
  environment: Record<string, string | undefined> = {},
  options: Partial<CircleciMachineOptions> = {},
): Promise<CircleciMachine> {
  const all = {
    ...job.environment,
    ...circleciEnvironment(await job.idToken()),
    BOT_JOIN_DOWNLOAD_URL: release.downloadUrl,
    ...environment,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new CircleciMachine({
    directory: job.directory,
    environment: Object.fromEntries(given),
    ...options,
  });
}

/** Runs join, a command, and the clean-up. */
async function runJob(
  on: CircleciMachine,
  parameters: Mapping = {},
  command = "echo reached",
): Promise<CircleciRun> {
  return on.run(jobOf({ join: parameters }, { run: { name: "Use", command } }, "bot-join/cleanup"));
}

/** Expects a join that was refused with one error, a clean-up that went well, and nothing left. */
function expectRefusal(run: CircleciRun, bashEnv: string, code: RegExp): void {
  expect(run.exitCode).not.toBe(0);
  expectOneError(run.output, code);
  expect(run.steps.map(({ name }) => name)).toEqual(["Join Teleport", "Clean up after Teleport"]);
  expect(run.steps.at(-1)?.exitCode).toBe(0);
  expect(bashEnv).toBe("");
}

const withoutToken = { CIRCLE_OIDC_TOKEN: undefined, CIRCLE_OIDC_TOKEN_V2: undefined };

describe("a job whose ID token cannot be used", () => {
  test.each<[string, Record<string, string | undefined>, RegExp]>([
    ["has none", withoutToken, /context: \[<any context>\][\s\S]*ERR_IDTOKEN_NOT_CONFIGURED/],
    ["has an empty one", { CIRCLE_OIDC_TOKEN: "", CIRCLE_OIDC_TOKEN_V2: " " }, /ERR_IDTOKEN_NOT_CONFIGURED/],
    ["has what is none", { CIRCLE_OIDC_TOKEN: "secret" }, /ERR_IDTOKEN_MALFORMED/],
    ["has none, and a program that gives none", withoutToken, /ERR_IDTOKEN_COMMAND_FAILED/],
    ["builds a fork", { ...withoutToken, CIRCLE_PR_REPONAME: "shop" }, /ERR_IDTOKEN_FORK_PULL_REQUEST/],
  ])("%s", async (_, environment, code) => {
    const on = await machine(environment, { hasProgram: code.source.includes("COMMAND") });
    const run = await runJob(on);
    const bashEnv = readFileSync(on.bashEnv, "utf8");
    on[Symbol.dispose]();
    expectRefusal(run, bashEnv, code);
    expectHarmless(job, run.output);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["of GitLab", { iss: "https://gitlab.com", aud: "example.teleport.sh" }, /ERR_IDTOKEN_ISSUER_MISMATCH/],
    ["for another audience", { aud: "https://vault.example.com" }, /ERR_IDTOKEN_AUDIENCE_MISMATCH/],
    ["that has expired", { iat: 1_767_225_600, exp: 1_767_229_200 }, /ERR_IDTOKEN_EXPIRED/],
    [
      "of another project, its claims hostile",
      {
        "oidc.circleci.com/project-id": hostileText,
        "oidc.circleci.com/vcs-ref": hostileText,
        sub: hostileText,
      },
      /ERR_JOIN_CLAIMS_NOT_ALLOWED/,
    ],
  ])("%s", async (_, claims, code) => {
    const token = await job.idToken(claims);
    const on = await machine(
      { CIRCLE_OIDC_TOKEN: token, CIRCLE_OIDC_TOKEN_V2: undefined },
      { hasProgram: false },
    );
    const run = await runJob(on);
    const bashEnv = readFileSync(on.bashEnv, "utf8");
    on[Symbol.dispose]();
    expectRefusal(run, bashEnv, code);
    expectHarmless(job, run.output);
  });

  test("has no variable: the machine's own program makes a token", async () => {
    const { CIRCLE_ORGANIZATION_ID: organization = "" } = circleciEnvironment("");
    using on = await machine(withoutToken, { mintToken: { [organization]: await job.idToken() } });
    const run = await runJob(on);
    expect(run.exitCode, run.output).toBe(0);
  });
});

test.each(["words", "numbers"] as const)("booleans as %s, in both values", async (booleans) => {
  using on = await machine({}, { booleans });
  const silent = await runJob(on, { export_env: false }, 'echo "config: $TELEPORT_SSH_CONFIG"');
  expect(silent.output).toMatch(/^config: $/m);
  const loud = await runJob(on, { export_env: true, debug: true }, 'echo "config: $TELEPORT_SSH_CONFIG"');
  expect(loud.output).toMatch(/^config: \//m);
});

test("parameters may name variables of contexts and of earlier steps, where the machine can fill them in", async () => {
  const on = await machine({ CLUSTER: job.proxy });
  writeFileSync(on.bashEnv, "export NAME=ci-deploy\nif [[ -n $NAME ]]; then :; fi\n");
  const run = await runJob(on, { proxy: `\${CLUSTER}`, token: "$NAME" });
  expect(run.exitCode, run.output).toBe(0);
  on[Symbol.dispose]();

  using other = await machine({ CLUSTER: job.proxy }, { hasProgram: false });
  const plain = await runJob(other, { proxy: `\${CLUSTER}` });
  expectOneError(plain.output, /proxy/);
});

test.each<[string, string]>([
  ["written for bash alone", "shopt -s extglob\nlist=(a b)\nfunction f { :; }\n"],
  ["that reads what is not set and ends in a failure", 'x="$NOT_SET_ANYWHERE"\nfalse\n'],
])("a BASH_ENV %s does not end the join", async (_, content) => {
  using on = await machine({}, { sh: ["/usr/bin/dash"] });
  writeFileSync(on.bashEnv, content);
  const run = await on.run(jobOf({ join: {} }, "bot-join/cleanup"));
  expect(run.exitCode, run.output).toBe(0);
});

test("an image without bash: later steps read the variables themselves", async () => {
  using on = await machine({}, { hasBash: false, sh: ["/usr/bin/busybox", "sh"] });
  const run = await runJob(on, {}, '. "$BASH_ENV" && test -f "$TELEPORT_SSH_CONFIG" && echo reached');
  expect(run.exitCode, run.output).toBe(0);
  expect(run.output).toContain("reached");
});

test("two identities in one job, taken back one by one", async () => {
  using on = await machine();
  const paths = 'printf "%s\\n" "first $TELEPORT_SSH_CONFIG" "second $BOT_JOIN_STAGING_SSH_CONFIG"';
  const there = 'test -f "$TELEPORT_SSH_CONFIG"; test ! -f "$BOT_JOIN_STAGING_SSH_CONFIG"';
  const run = await on.run(
    jobOf(
      { join: {} },
      { join: { id: "staging" } },
      { run: { name: "Use", command: paths } },
      { "bot-join/cleanup": { id: "staging" } },
      { run: { name: "Still there", command: there } },
      "bot-join/cleanup",
    ),
  );
  expect(run.exitCode, run.output).toBe(0);
  const [, first] = /^first (.+)$/m.exec(run.output) ?? [];
  const [, second] = /^second (.+)$/m.exec(run.output) ?? [];
  expect(first).toBeTruthy();
  expect(second).toBeTruthy();
  expect(first).not.toBe(second);
  on[Symbol.dispose]();
  expectHarmless(job, run.output);
});

test("the program on PATH, without a join", async () => {
  using on = await machine();
  const run = await on.run(
    jobOf("bot-join/install", { run: { name: "Use", command: "bot-join --version" } }, "bot-join/cleanup"),
  );
  expect(run.exitCode, run.output).toBe(0);
  on[Symbol.dispose]();
  expectHarmless(job, run.output);
});

test("a clean-up without a join has nothing to do", async () => {
  using on = await machine();
  const run = await on.run(jobOf("bot-join/cleanup"));
  expect(run.exitCode, run.output).toBe(0);
  on[Symbol.dispose]();
  expectHarmless(job, run.output);
});

test("a temporary folder that cannot be written to", async () => {
  const file = join(job.directory, "a-file");
  writeFileSync(file, "");
  job.prepared();
  const on = await machine({ TMPDIR: join(file, "tmp") });
  const run = await runJob(on);
  const bashEnv = readFileSync(on.bashEnv, "utf8");
  on[Symbol.dispose]();
  expectRefusal(run, bashEnv, /TMPDIR/);
  expectHarmless(job, run.output);
});

describe("hostile text", () => {
  const names = {
    CIRCLE_BRANCH: hostileText,
    CIRCLE_JOB: hostileText,
    CIRCLE_USERNAME: hostileText,
    IFS: "o",
  };

  test("in the names of branch, job and user is not looked at", async () => {
    const on = await machine(names);
    const run = await runJob(on);
    expect(run.exitCode, run.output).toBe(0);
    on[Symbol.dispose]();
    expectHarmless(job, run.output);
  });

  test("in the name of a job without a token is shown as text", async () => {
    const on = await machine({ ...names, ...withoutToken }, { hasProgram: false });
    const run = await runJob(on);
    on[Symbol.dispose]();
    expectOneError(run.output, /ERR_IDTOKEN_NOT_CONFIGURED/);
    expectHarmless(job, run.output);
  });

  test.each(["token", "expect_bot", "expect_roles", "expect_cluster", "id", "ca_pin", "roles"])(
    "in the parameter %s is refused as text",
    async (parameter) => {
      const on = await machine();
      const run = await runJob(on, { [parameter]: hostileText });
      expect(run.exitCode).not.toBe(0);
      expectOneError(run.output, /ERR_/);
      expect(existsSync(join(job.directory, "project/pwned"))).toBe(false);
      on[Symbol.dispose]();
      expectHarmless(job, run.output);
    },
  );
});

test("a directory whose path is quotes and blanks", async () => {
  using on = await machine();
  const directory = join(job.directory, "it's `here` too; $(touch pwned)");
  const run = await runJob(
    on,
    { directory },
    'test -f "$TELEPORT_SSH_CONFIG" && echo "in $TELEPORT_SSH_CONFIG"',
  );
  expect(run.output).toContain(`in ${directory}/ssh_config`);
  expect(run.exitCode, run.output).toBe(0);
  on[Symbol.dispose]();
  expectHarmless(job, run.output);
});

test.each(["SIGTERM", "SIGKILL"] as const)("a job that %s ends in the middle of the join", async (signal) => {
  await using proxy = await startSilentProxy();
  const on = await machine();
  const [joinStep, cleanupStep] = jobOf({ join: { proxy: proxy.address } }, "bot-join/cleanup").steps;
  if (joinStep === undefined || cleanupStep === undefined) throw new Error("two steps are meant");
  const cancelled = await on.step(joinStep, {}, { when: proxy.reached, signal });
  expect(cancelled.exitCode, cancelled.output).not.toBe(0);
  expect(readFileSync(on.bashEnv, "utf8")).toBe("");
  const cleaned = await on.step(cleanupStep);
  expect(cleaned.exitCode, cleaned.output).toBe(0);
  on[Symbol.dispose]();
  expectHarmless(job, cancelled.output + cleaned.output);
});
