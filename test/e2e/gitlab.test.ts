import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { platformClaims } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { blocksOf } from "../docs/pages.ts";
import { githubIssuer } from "../support/emulator.ts";
import { startFakeNode } from "../support/fake-node.ts";
import { requireTool } from "../support/tools.ts";
import { createGitlabProject, type GitlabProject } from "./platforms/gitlab-project.ts";
import { gitlabVariables, type ResolvedJob, runLines } from "./platforms/gitlab-runner.ts";
import {
  root,
  type ServedRelease,
  type StartedPlatformJob,
  serveRelease,
  startPlatformJob,
} from "./platforms/platform-job.ts";
import { secretsShown } from "./platforms/secrets-shown.ts";

const example = { example: "examples/gitlab" };

/** The blocks of the page, those that are for the cluster left out. */
const blocks = blocksOf({
  path: "docs/gitlab.md",
  text: readFileSync(join(root, "docs/gitlab.md"), "utf8"),
}).filter(({ language, text }) => language === "yaml" && !text.startsWith("kind: "));
const [shortest] = blocks;
const [includes = ""] = (shortest?.text ?? "").split(/^(?=deploy:)/m);

/** Shells that images have, the way the runner starts them. */
const shells: readonly { name: string; args: string[] }[] = [
  { name: "bash", args: [] },
  { name: "dash", args: [] },
  { name: "busybox", args: ["sh"] },
];

let release: ServedRelease;

beforeAll(async () => {
  release = await serveRelease({ platforms: ["gitlab"], bundles: ["bot-join", "ssh-proxy"] });
});

afterAll(() => release[Symbol.asyncDispose]());

function templateOf({ release: path }: StartedPlatformJob): string {
  return readFileSync(join(path, "gitlab/templates/join.yml"), "utf8");
}

function projectFor(job: StartedPlatformJob, pipeline: string): GitlabProject {
  return createGitlabProject(job, pipeline, { "ci/bot-join.yml": templateOf(job) });
}

describe("pipelines of docs/gitlab.md", { timeout: 60_000 }, () => {
  let job: StartedPlatformJob;
  beforeAll(async () => {
    job = await startPlatformJob(example, release, undefined);
  });
  afterAll(() => job[Symbol.asyncDispose]());

  test("there are some", () => expect(blocks.length).toBeGreaterThan(5));

  test.each(blocks)("line $line", async ({ text }) => {
    using project = projectFor(job, text.includes("include:") ? text : `${includes}\n${text}`);
    const { deploy } = await project.resolve();
    expect(Object.values(deploy?.id_tokens ?? {}).every(({ aud }) => aud === "example.teleport.sh")).toBe(
      true,
    );
    expect(deploy?.id_tokens?.["TBOT_GITLAB_JWT"]).toBeDefined();
    if (!text.includes("extends:")) return;
    const scripts = [...(deploy?.before_script ?? []), ...(deploy?.after_script ?? [])].join("\n");
    expect(scripts).toContain("bot_join_gitlab default ");
    expect(scripts).toContain("bot_join_run cleanup");
  });
});

test("a template that lies on a web server", { timeout: 60_000 }, async () => {
  await using job = await startPlatformJob(example, release, undefined);
  writeFileSync(join(release.path, "programs/join.yml"), templateOf(job));
  const remote = (shortest?.text ?? "").replace(/component: .*/, `remote: ${release.downloadUrl}/join.yml`);
  using project = projectFor(job, remote);
  expect((await project.resolve())["deploy"]?.before_script?.length).toBe(2);
});

describe("a job of the shortest pipeline", { timeout: 60_000 }, () => {
  let job: StartedPlatformJob;
  let project: GitlabProject;
  let resolved: ResolvedJob;
  let env: Record<string, string>;

  beforeAll(async () => {
    job = await startPlatformJob(example, release, undefined);
    project = projectFor(job, shortest?.text ?? "");
    resolved = (await project.resolve())["deploy"] as ResolvedJob;
    project[Symbol.dispose]();
    env = {
      ...job.environment,
      ...gitlabVariables(project.path),
      ...resolved.variables,
      BOT_JOIN_DOWNLOAD_URL: job.downloadUrl,
    };
    job.prepared();
  });
  afterAll(() => job[Symbol.asyncDispose]());

  function commandOf(context: TestContext, { name, args }: { name: string; args: string[] }): string[] {
    return [requireTool(context, name), ...args];
  }

  /** Runs both shells of a job with other lines of script, and expects that nothing stays and nothing leaks. */
  async function play(
    extra: Record<string, string>,
    options: { script?: string[]; before?: string[]; command?: string[] } = {},
  ): Promise<{ status: number | null; log: string }> {
    const {
      script = ["echo the script runs"],
      before = resolved.before_script ?? [],
      command = ["sh"],
    } = options;
    const shell = { command, cwd: project.path, env: { ...env, ...extra } };
    const main = await runLines([...before, ...script], shell);
    const after = await runLines(resolved.after_script ?? [], shell);
    const log = main.stdout + main.stderr + after.stdout + after.stderr;
    expect(after.status, log).toBe(0);
    expect(secretsShown(log, job.idTokens)).toEqual([]);
    expect(job.changes(), log).toEqual([]);
    return { status: main.status, log };
  }

  test.for(shells)("joins in $name, and hands nothing on but paths", async (shell, context) => {
    const command = commandOf(context, shell);
    const script = [
      'test -s "$TELEPORT_IDENTITY_FILE" && test -s "$TELEPORT_SSH_CONFIG"',
      'echo "joined $TELEPORT_PROXY"',
      'echo "left: <$BOT_JOIN_TOKEN$BOT_JOIN_PROXY>"',
    ];
    const { status, log } = await play({ TBOT_GITLAB_JWT: await job.idToken() }, { command, script });
    expect(status, log).toBe(0);
    expect(log).toContain(`joined ${job.proxy}`);
    expect(log).toContain("left: <>");
  });

  const badTokens: readonly {
    name: string;
    token: () => Promise<string | undefined>;
    code: string;
    texts: string[];
  }[] = [
    {
      name: "no ID token",
      token: async () => undefined,
      code: "ERR_IDTOKEN_NOT_CONFIGURED",
      texts: ["  deploy:", "    id_tokens:", "      TBOT_GITLAB_JWT:", "        aud: example.teleport.sh"],
    },
    {
      name: "an empty ID token",
      token: async () => "",
      code: "ERR_IDTOKEN_NOT_CONFIGURED",
      texts: ["the variable TBOT_GITLAB_JWT is missing or empty", "        aud: example.teleport.sh"],
    },
    {
      name: "a token of GitHub",
      token: () =>
        job.idToken({ ...platformClaims("github"), aud: "example.teleport.sh", iss: githubIssuer }),
      code: "ERR_IDTOKEN_ISSUER_MISMATCH",
      texts: ["that is GitHub"],
    },
    {
      name: "a token for another audience",
      token: () => job.idToken({ aud: "other.example.com" }),
      code: "ERR_IDTOKEN_AUDIENCE_MISMATCH",
      texts: ["other.example.com", "example.teleport.sh", "aud under id_tokens"],
    },
    {
      name: "an expired token",
      token: () => job.idToken({ exp: Math.floor(Date.now() / 1000) - 3600 }),
      code: "ERR_IDTOKEN_EXPIRED",
      texts: ["expired"],
    },
    {
      name: "what is no token",
      token: async () => "not a token",
      code: "ERR_IDTOKEN_MALFORMED",
      texts: [],
    },
    {
      name: "a token of another project",
      token: () => job.idToken({ project_path: "mallory/shop" }),
      code: "ERR_JOIN_CLAIMS_NOT_ALLOWED",
      texts: ["mallory/shop"],
    },
  ];

  test.each(badTokens)("$name fails it once, with $code", async ({ token, code, texts }) => {
    const given = await token();
    const { status, log } = await play(given === undefined ? {} : { TBOT_GITLAB_JWT: given });
    expect(status, log).toBe(1);
    expect(log).not.toContain("the script runs");
    expect(log.match(/^error: /gm)?.length, log).toBe(1);
    expect(log).toContain(`${code}, explained in docs/errors.md`);
    for (const text of texts) expect(log).toContain(text);
  });

  test("texts with quotes, line ends and $( ) are neither run nor become commands", async () => {
    const trap = join(job.directory, "trap");
    const hostile = `x'"\`touch ${trap}\`$(touch ${trap}); touch ${trap}\ntouch ${trap}\n::add-mask::x ##vso[task.x] \${IFS}`;
    const names = [
      "CI_JOB_NAME",
      "CI_COMMIT_REF_NAME",
      "CI_COMMIT_MESSAGE",
      "CI_CONFIG_PATH",
      "GITLAB_USER_NAME",
    ];
    const everywhere = Object.fromEntries(names.map((name) => [name, hostile]));
    const joined = await play({ ...everywhere, TBOT_GITLAB_JWT: await job.idToken() });
    expect(joined.status, joined.log).toBe(0);
    // Refused, so that the texts are shown.
    const refused = await play({
      ...everywhere,
      TBOT_GITLAB_JWT: await job.idToken({ ref: hostile, project_path: hostile }),
    });
    const missing = await play(everywhere);
    const inputs = await play({
      ...everywhere,
      TBOT_GITLAB_JWT: await job.idToken(),
      ...Object.fromEntries(
        ["TOKEN", "ROLES", "EXPECT_BOT", "DIRECTORY"].map((name) => [
          `BOT_JOIN_GITLAB_default_${name}`,
          hostile,
        ]),
      ),
    });
    for (const { status, log } of [refused, missing, inputs]) {
      expect(status, log).toBe(1);
      expect(log).not.toMatch(/^(::add-mask|##vso|touch )/m);
    }
    expect(existsSync(trap)).toBe(false);
  });

  test("no temporary directory to write to fails it, and says what to set", async () => {
    const file = join(job.directory, "tmp/file");
    writeFileSync(file, "");
    job.prepared();
    const { status, log } = await play({ TBOT_GITLAB_JWT: await job.idToken(), TMPDIR: join(file, "below") });
    expect(status, log).not.toBe(0);
    expect(log).toContain("Set TMPDIR or BOT_JOIN_STATE_DIR");
    expect(log.match(/^error: /gm)?.length, log).toBe(1);
  });

  test("clean-up without a join says nothing and does nothing", async () => {
    const { status, log } = await play({}, { before: [] });
    expect({ status, log }).toEqual({ status: 0, log: "the script runs\n" });
  });

  test("cancelled in the middle of the join: the clean-up leaves nothing", async () => {
    let cancel = (): void => undefined;
    // A proxy that takes connections and never answers.
    await using proxy = await startFakeNode(() => cancel());
    const shell = {
      command: ["sh"],
      cwd: project.path,
      env: {
        ...env,
        TBOT_GITLAB_JWT: await job.idToken(),
        BOT_JOIN_GITLAB_default_PROXY: proxy.address,
      },
    };
    const { stdout, signal } = await runLines([...(resolved.before_script ?? []), "echo the script runs"], {
      ...shell,
      onStart: (end) => {
        cancel = end;
      },
    });
    expect(proxy.connections).toBeGreaterThan(0);
    expect(stdout).not.toContain("the script runs");
    expect(signal).toBe("SIGTERM");
    const after = await runLines(resolved.after_script ?? [], shell);
    expect(after.status, after.stderr).toBe(0);
    expect(job.changes()).toEqual([]);
  });

  test("a program that is there already is taken, without Node and without a download", async () => {
    const program = join(job.directory, "home/bot-join-of-the-image");
    const bundle = join(release.path, "programs/bot-join.cjs");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${bundle}" "$@"\n`, { mode: 0o700 });
    job.prepared();
    release.requests.length = 0;
    const { status, log } = await play({
      TBOT_GITLAB_JWT: await job.idToken(),
      BOT_JOIN_NODE: "no-node-in-this-image",
      BOT_JOIN_PROGRAM: program,
    });
    expect(status, log).toBe(0);
    expect(release.requests).toEqual([]);
  });
});
