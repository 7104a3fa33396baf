import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseResources } from "@bot-join/resources";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, type TestContext, test } from "vitest";
import { type GitHubChanges, playExample } from "../e2e/platforms/github.ts";
import {
  type ServedRelease,
  type StartedPlatformJob,
  serveRelease,
  startPlatformJob,
} from "../e2e/platforms/platform-job.ts";
import type { PlayedJob } from "../support/github-runner/player.ts";
import { requireTool } from "../support/tools.ts";
import { expectHarmless, hostileText, startSilentProxy } from "./bad-jobs.ts";

const example = "examples/github";

let release: ServedRelease;

beforeAll(async () => {
  release = await serveRelease({
    platforms: ["github"],
    bundles: [
      "auth-application",
      "auth-k8s",
      "bot-join",
      "cleanup",
      "database",
      "join",
      "node-forge",
      "setup",
      "ssh-proxy",
      "yaml",
    ],
  });
}, 120_000);

afterAll(() => release[Symbol.asyncDispose]());

/** Both phases of each join, in the order in which they went. */
function phases({ steps }: PlayedJob): string[] {
  return steps.map(({ phase, what, failed }) => `${phase} of ${what}${failed ? ": failed" : ""}`);
}

/**
 * Expects that nothing of the hostile text was a command to the runner or has reached a later step. An error quotes it, on the
 * one line of its own command.
 */
function expectNotObeyed({ steps, log }: PlayedJob): void {
  expect(log.masks).not.toContain("yes");
  for (const { exports, outputs } of steps) expect([exports, outputs]).toEqual([{}, {}]);
  for (const line of log.text.split("\n")) expect(line).not.toMatch(/^\s*::|^(?:error: )?pwned/);
}

const failedJoin = ["main of teleport/bot-join@v1: failed", "post of teleport/bot-join@v1"];

describe("the root action of GitHub", { timeout: 60_000 }, () => {
  let job: StartedPlatformJob;

  beforeEach(async () => {
    job = await startPlatformJob({ example }, release, undefined);
  });
  afterEach(() => job[Symbol.asyncDispose]());

  /** Plays a bad job to its end, and expects one error, a clean-up that goes well, and nothing left. */
  async function fails(changes: GitHubChanges, text: RegExp): Promise<PlayedJob> {
    const played = await playExample(job, changes);
    expect(phases(played)).toEqual(failedJoin);
    const { log } = played;
    expect(log.text.match(/^error: /gm), log.text).toHaveLength(1);
    expect(log.text).toMatch(text);
    expect(log.text).not.toMatch(/defect of bot-join|^\s+at .*:\d+:\d+|\bundefined\b/m);
    expectHarmless(job, log.text);
    return played;
  }

  test("without permission names the lines that are missing", () =>
    fails(
      { edit: (text) => text.replace("  id-token: write\n", "") },
      /permissions:[\s\S]*id-token: write[\s\S]*ERR_IDTOKEN_\w+/,
    ));

  test.each<[what: string, changes: GitHubChanges, text: RegExp]>([
    ["with a token of another repository", { claims: { repository: "octo-org/other" } }, /ERR_JOIN_\w+/],
    ["with a token that nobody has signed", { badToken: { signature: "none" } }, /ERR_JOIN_\w+/],
    [
      "with an empty token",
      { tokenEndpoint: { kind: "status", status: 200, body: '{"value":""}' } },
      /ERR_IDTOKEN_\w+/,
    ],
  ])("%s", async (_what, changes, text) => {
    await fails(changes, text);
  });

  test("without a folder for temporary files", async () => {
    const file = join(job.directory, "no-folder");
    writeFileSync(file, "");
    await fails({ environment: { RUNNER_TEMP: file } }, /no-folder/);
  });

  test("whose branch, people and workflow have hostile names runs nothing of them", async () => {
    const names = {
      ref: `refs/heads/${hostileText}`,
      head_ref: hostileText,
      actor: hostileText,
      workflow: hostileText,
      event_name: hostileText,
    };
    const played = await playExample(job, {
      claims: { ...names, repository: "octo-org/other" },
      environment: { GITHUB_JOB: hostileText, RUNNER_NAME: hostileText },
    });
    expect(phases(played)).toEqual(failedJoin);
    expect(played.log.text).toContain("ERR_JOIN_CLAIMS_NOT_ALLOWED");
    expect(job.changes()).toEqual([]);
    expectNotObeyed(played);
  });

  test("whose inputs are made of a hostile branch name says so and runs nothing of it", async () => {
    const played = await playExample(job, {
      environment: { INPUT_ID: hostileText, "INPUT_CERTIFICATE-TTL": hostileText, INPUT_ROLES: hostileText },
    });
    expect(phases(played)).toEqual(failedJoin);
    expect(played.log.text).toMatch(/ERR_INPUT_INVALID/);
    expect(job.changes()).toEqual([]);
    expectNotObeyed(played);
  });

  test.each([
    ["cancelled", "SIGINT", /was cancelled/],
    ["killed", "SIGKILL", /^/],
  ] as const)(
    "that is %s in the middle of the join leaves nothing behind its post step",
    async (_what, signal, text) => {
      await using proxy = await startSilentProxy();
      const kills: ((signal: NodeJS.Signals) => void)[] = [];
      void proxy.reached.then(() => kills[0]?.(signal));
      const played = await playExample(job, {
        edit: (workflow) => workflow.replace(job.proxy, proxy.address),
        onStepStart: (kill) => kills.push(kill),
      });
      expect(phases(played)).toEqual(failedJoin);
      expect(played.log.text).toMatch(text);
      expectHarmless(job, played.log.text);
    },
  );
});

/** The token of the example's other cluster, which is the same one here. */
async function startTwoJoins(context: TestContext): Promise<StartedPlatformJob> {
  requireTool(context, "scp");
  const job = await startPlatformJob({ example }, release, requireTool(context, "sshd"));
  const token = `kind: token
version: v2
metadata: { name: ci-staging }
spec:
  roles: [Bot]
  bot_name: ci-deploy
  join_method: github
  github: { allow: [{ repository: octo-org/shop }] }
`;
  job.emulator.addResources(parseResources(token, "github-jobs.test.ts"));
  return job;
}

test("two joins with different ids: scp uses both identities, and nothing is left", async (context) => {
  await using job = await startTwoJoins(context);
  writeFileSync(join(job.directory, "source"), "of the release");
  const played = await playExample(job, {
    file: "two-identities.yml",
    edit: (text) =>
      text
        .replaceAll("staging.example.com:443", job.proxy)
        .replaceAll("web-1.staging.example.com", job.node)
        .replaceAll(":/tmp/", `:${join(job.directory, "tmp")}/`)
        .replaceAll("/srv/release.tar.gz", join(job.directory, "source")),
  });
  expect(played.failed, played.log.text).toBe(false);
  const [first, second, scp] = played.steps;
  expect(Object.keys(second?.exports ?? {}).sort()).toEqual(
    expect.arrayContaining(["BOT_JOIN_STAGING_SSH_CONFIG"]),
  );
  expect(Object.keys(first?.exports ?? {}).filter((name) => name in (second?.exports ?? {}))).toEqual([]);
  expect(scp?.failed).toBe(false);
  expect(phases(played).slice(3)).toEqual(["post of teleport/bot-join@v1", "post of teleport/bot-join@v1"]);
  expect(job.changes()).toEqual([expect.stringContaining("tmp/release.tar.gz: nothing, then file")]);
});
