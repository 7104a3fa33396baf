import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inputTable } from "@bot-join/runner";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { blocksOf } from "../docs/pages.ts";
import { bitbucketDefaults, checkOut, packedPipe } from "../e2e/platforms/bitbucket.ts";
import {
  root,
  type ServedRelease,
  type StartedPlatformJob,
  serveRelease,
  startPlatformJob,
} from "../e2e/platforms/platform-job.ts";
import { type BitbucketRun, type BitbucketStepOptions, runBitbucketStep } from "../support/bitbucket-step.ts";
import { requireTool } from "../support/tools.ts";
import {
  expectHarmless,
  expectNoCommands,
  expectOneError,
  hostileText,
  startSilentProxy,
} from "./bad-jobs.ts";

const example = "examples/bitbucket";

/** The two examples, and what stands for the join in each. */
const forms = [
  { form: "the script form", file: "bitbucket-pipelines.yml" },
  { form: "the pipe", file: "pipe/bitbucket-pipelines.yml" },
] as const;

interface PipeDefinition {
  image: string;
  variables: { name: string; default?: string }[];
}

let release: ServedRelease;
let pipe: PipeDefinition;
let job: StartedPlatformJob;
let clone: string;

function released(path: string): string {
  return readFileSync(join(release.path, "bitbucket", path), "utf8");
}

beforeAll(async () => {
  release = await serveRelease({ platforms: ["bitbucket"], bundles: ["bot-join", "ssh-proxy"] });
  pipe = parse(released("pipe.yml")) as PipeDefinition;
}, 120_000);

afterAll(() => release[Symbol.asyncDispose]());

describe("the packed pipe", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const input = (name: string): string => name.toLowerCase().replaceAll("_", "-");
  const readme = readFileSync(join(root, "actions/bitbucket/README.md"), "utf8");
  const [definition = "", usage = ""] = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
    ([, text]) => text,
  );

  test("names its version wherever one stands", () => {
    expect(pipe.image).toBe(`teleport/bot-join-pipe:${version}`);
    for (const text of [definition, usage]) expect(text).toContain(`pipe: teleport/bot-join:${version}`);
    expect(released("CHANGELOG.md")).toContain(`## ${version}`);
    const changes = JSON.parse(released(`.changes/${version}.json`)) as { description: string }[];
    for (const { description } of changes) expect(released("CHANGELOG.md")).toContain(description);
    for (const file of ["pipe.yml", "pipe/pipe.sh", "bot-join.sh"])
      expect(released(file)).not.toContain("@BOT_JOIN_");
  });

  test("has variables that are inputs, with the inputs' defaults", () => {
    for (const { name, default: usual } of pipe.variables) {
      const row = inputTable.find((each) => each.name === input(name));
      expect(row, name).toBeDefined();
      expect(usual, name).toBe(row?.default);
    }
  });

  test("shows its variables in the README: in the YAML definition and in the table", () => {
    const shown = [...definition.matchAll(/^ {4}(?:# )?([A-Z_]+):/gm)].map(([, name]) => name);
    const described = [...readme.matchAll(/^\| ([A-Z_]+)(?: \(\*\))? \|/gm)].map(([, name]) => name);
    const names = pipe.variables.map(({ name }) => name);
    expect([shown, described]).toEqual([names, names]);
    expect(parse(usage)).toMatchObject([{ step: { oidc: true } }]);
  });

  test("hands every variable to the program", () => {
    const script = readFileSync(join(root, "actions/bitbucket/pipe/pipe.sh"), "utf8");
    const read = [...script.matchAll(/^for pipe_name in ([\sA-Z_\\]+); do$/gm)].flatMap(([, names = ""]) =>
      names.split(/[\s\\]+/).filter((name) => name !== ""),
    );
    expect(read.sort()).toEqual(pipe.variables.map(({ name }) => name).sort());
  });

  test("is built by a Dockerfile from files that are packed, or that the programs' build makes", () => {
    const copied = [...released("Dockerfile").matchAll(/^COPY (?:--\S+ )?(.+) \S+$/gm)].flatMap(
      ([, names = ""]) => names.split(" "),
    );
    expect(copied).toContain("pipe/pipe.sh");
    for (const name of copied.filter((path) => !path.startsWith("bot-join-linux-")))
      expect(existsSync(join(release.path, "bitbucket", name)), name).toBe(true);
  });

  test.for(["pipe/pipe.sh", "bot-join.sh"])("shellcheck finds nothing in %s", (file, context) => {
    const shellcheck = requireTool(context, "shellcheck");
    expect(
      execFileSync(shellcheck, ["-s", "sh", join(release.path, "bitbucket", file)], { encoding: "utf8" }),
    ).toBe("");
  });
});

describe("docs/bitbucket.md", () => {
  const path = "docs/bitbucket.md";
  const blocks = blocksOf({ path, text: readFileSync(join(root, path), "utf8") }).filter(
    ({ language }) => language === "yaml",
  );

  test("shows the files of examples/bitbucket as they are", () => {
    for (const file of [...forms.map((each) => each.file), "resources.yaml"]) {
      const text = readFileSync(join(root, example, file), "utf8");
      expect(blocks.map((block) => block.text)).toContain(text);
    }
  });

  test("has one more pipeline, whose step runs with two identities", async () => {
    const others = blocks.filter(({ text }) => text.startsWith("pipelines:"));
    expect(others).toHaveLength(1);
    job = await startPlatformJob({ example }, release, undefined);
    try {
      clone = checkOut({ ...job, release: release.path });
      const result = await run("bitbucket-pipelines.yml", () =>
        job
          .fit(others[0]?.text ?? "")
          .replace("staging.example.com:443", job.proxy)
          .replace("ci-staging", "ci-deploy")
          .replaceAll(/- ssh -F ("\$\w+") .*/g, "- test -f $1 && echo reached"),
      );
      expect(result.exitCode, result.output).toBe(0);
      expect(result.output.match(/^reached$/gm)).toHaveLength(2);
      expectHarmless(job, result.output);
    } finally {
      await job[Symbol.asyncDispose]();
    }
  });
});

interface JobOptions extends Partial<Omit<BitbucketStepOptions, "environment">> {
  environment?: Record<string, string>;
}

async function run(
  file: string,
  edit: (text: string) => string,
  options: JobOptions = {},
): Promise<BitbucketRun> {
  const text = job.fit(readFileSync(join(root, example, file), "utf8"));
  // These jobs have no node to reach: what ssh would do is said instead.
  const local = text.replace(/- ssh .*/, '- test -f "$TELEPORT_SSH_CONFIG" && echo reached');
  const { environment = {}, ...others } = options;
  return runBitbucketStep({
    pipelines: edit(local),
    clone,
    environment: { ...job.environment, BOT_JOIN_DOWNLOAD_URL: release.downloadUrl, ...environment },
    defaults: bitbucketDefaults,
    idToken: await job.idToken(),
    shell: ["/usr/bin/dash"],
    pipes: { "teleport/bot-join": packedPipe(release.path, { ...job.environment, ...environment }) },
    ...others,
  });
}

const asItIs = (text: string): string => text;

/** Expects a join that was refused with one error, an after-script that went well, and nothing left. */
function expectRefusal(result: BitbucketRun, code: RegExp): void {
  expect(result.exitCode).not.toBe(0);
  expectOneError(result.output, code);
  expect(result.output).not.toMatch(/^reached$/m);
  expect(result.afterExitCode, result.output).toBe(0);
  expectHarmless(job, result.output);
}

describe.each(forms)("$form", ({ form, file }) => {
  beforeEach(async () => {
    job = await startPlatformJob({ example }, release, undefined);
    clone = checkOut({ ...job, release: release.path });
  });

  afterEach(() => job[Symbol.asyncDispose]());

  /** Gives an input to the join of the example. */
  const withInput = (name: string, value: string) => (text: string) =>
    form === "the pipe"
      ? text.replace(
          "TOKEN: ci-deploy",
          `TOKEN: ci-deploy\n                ${name}: ${JSON.stringify(value)}`,
        )
      : text.replace("BOT_JOIN_TOKEN=ci-deploy", `BOT_JOIN_TOKEN=ci-deploy BOT_JOIN_${name}="$HOSTILE"`);

  test("a step that does not say oidc: the line to add is named", async () => {
    const result = await run(file, (text) => text.replace(/^ *oidc: true\n/m, ""));
    expectRefusal(result, /- step:\n\s+oidc: true[\s\S]*ERR_IDTOKEN_NOT_CONFIGURED/);
  });

  test("an empty token, and one that is none", async () => {
    expectRefusal(await run(file, asItIs, { idToken: "" }), /ERR_IDTOKEN_NOT_CONFIGURED/);
    expectRefusal(await run(file, asItIs, { idToken: "not-a-token" }), /ERR_IDTOKEN_MALFORMED/);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ["of GitLab", { iss: "https://gitlab.com", aud: "example.teleport.sh" }, /ERR_IDTOKEN_ISSUER_MISMATCH/],
    ["for another audience", { aud: "api://another" }, /ERR_JOIN_/],
    ["that has expired", { iat: 1_767_225_600, exp: 1_767_229_200 }, /ERR_IDTOKEN_EXPIRED/],
    ["with hostile claims", { branchName: hostileText, sub: hostileText }, /ERR_JOIN_CLAIMS_NOT_ALLOWED/],
  ])("a token %s", async (_, claims, code) => {
    expectRefusal(await run(file, asItIs, { idToken: await job.idToken(claims) }), code);
  });

  test("hostile names of branch and repository", async () => {
    const defaults = {
      ...bitbucketDefaults,
      BITBUCKET_BRANCH: hostileText,
      BITBUCKET_REPO_SLUG: hostileText,
      BITBUCKET_TAG: hostileText,
    };
    const result = await run(file, asItIs, { defaults });
    expect(result.exitCode, result.output).toBe(0);
    expectHarmless(job, result.output);
    expectRefusal(await run(file, asItIs, { defaults, idToken: "" }), /ERR_IDTOKEN_NOT_CONFIGURED/);
  });

  test("hostile values of inputs", async () => {
    for (const name of ["EXPECT_CLUSTER", "EXPECT_ROLES", "ID", "CA_PIN"]) {
      const result = await run(file, withInput(name, hostileText), { environment: { HOSTILE: hostileText } });
      expect(result.exitCode, name).not.toBe(0);
      const said = result.output.split("\n").filter((line) => !line.startsWith("+ "));
      expectNoCommands(said.join("\n"));
      expect(existsSync(join(clone, "pwned"))).toBe(false);
      expectOneError(result.output, /ERR_/);
    }
  });

  test("an after-script without a join has nothing to do", async () => {
    const result = await run(file, (text) =>
      text.replace(/^( +)script:\n( +-[\s\S]*?)(?= +after-script)/m, "$1script:\n$1  - echo nothing\n"),
    );
    expect({ exitCode: result.exitCode, after: result.afterExitCode }, result.output).toEqual({
      exitCode: 0,
      after: 0,
    });
    expectHarmless(job, result.output);
  });

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "a step that %s ends in the middle of the join",
    async (signal) => {
      await using proxy = await startSilentProxy();
      const result = await run(file, (text) => text.replaceAll(job.proxy, proxy.address), {
        cancelled: { when: proxy.reached, signal },
      });
      expect(result.exitCode).not.toBe(0);
      expect(result.afterExitCode, result.output).toBe(0);
      expectHarmless(job, result.output);
    },
  );
});

describe("what only one form has", () => {
  beforeEach(async () => {
    job = await startPlatformJob({ example }, release, undefined);
    clone = checkOut({ ...job, release: release.path });
  });

  afterEach(() => job[Symbol.asyncDispose]());

  const [script, pipeForm] = forms;

  test("two identities by the script form", async () => {
    const second =
      '- BOT_JOIN_ID=staging; export BOT_JOIN_ID; . ./bot-join.sh && bot_join_run start\n            - test "$TELEPORT_SSH_CONFIG" != "$BOT_JOIN_STAGING_SSH_CONFIG" && test -f "$BOT_JOIN_STAGING_SSH_CONFIG"';
    const result = await run(script.file, (text) =>
      text.replace("- test -f", `${second}\n            - test -f`),
    );
    expect(result.exitCode, result.output).toBe(0);
    expect(result.output).toMatch(/^reached$/m);
    expectHarmless(job, result.output);
  });

  test("two identities by the pipe, the second with a list of roles and a variable of the step", async () => {
    const second = `- pipe: teleport/bot-join:1.0.0
              variables:
                PROXY: $CLUSTER
                TOKEN: ci-deploy
                ID: staging
                EXPECT_ROLES: [ci-deploy]
            - . .bot-join/env
            - test "$TELEPORT_SSH_CONFIG" != "$BOT_JOIN_STAGING_SSH_CONFIG" && test -f "$BOT_JOIN_STAGING_SSH_CONFIG"`;
    const result = await run(
      pipeForm.file,
      (text) => text.replace("- test -f", `${second}\n            - test -f`),
      {
        environment: { CLUSTER: job.proxy },
      },
    );
    expect(result.exitCode, result.output).toBe(0);
    expect(result.output).toMatch(/^reached$/m);
    expectHarmless(job, result.output);
  });

  test("a list of two roles reaches the program as two", async () => {
    const result = await run(pipeForm.file, (text) =>
      text.replace("ROLES: [ci-deploy]", "EXPECT_ROLES: [a b, c]"),
    );
    expectRefusal(result, /expected a b, c/);
  });

  test("a temporary folder that cannot be written to: the script form says so", async () => {
    const file = join(job.directory, "a-file");
    writeFileSync(file, "");
    job.prepared();
    expectRefusal(await run(script.file, asItIs, { environment: { TMPDIR: join(file, "tmp") } }), /TMPDIR/);
  });

  test("a folder that somebody else has put in the pipe's place is not used", async () => {
    mkdirSync(join(job.directory, "elsewhere"));
    symlinkSync(join(job.directory, "elsewhere"), join(clone, ".bot-join"));
    const result = await run(pipeForm.file, (text) => text.replace("rm -rf .bot-join", "echo kept"));
    expect(result.exitCode).not.toBe(0);
    expectOneError(result.output, /is a link/);
    expect(existsSync(join(job.directory, "elsewhere/env"))).toBe(false);
  });

  test("a pipe without a checkout does nothing", async () => {
    const script = join(release.path, "bitbucket/pipe/pipe.sh");
    expect(() => execFileSync(script, { env: { PATH: process.env["PATH"] ?? "" }, stdio: "pipe" })).toThrow(
      /BITBUCKET_CLONE_DIR is not set/,
    );
  });
});
