import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { platformClaims } from "@bot-join/emulator";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runAzureDevops } from "../e2e/platforms/azure-devops.ts";
import { runEnv0 } from "../e2e/platforms/env0.ts";
import type { JobChanges } from "../e2e/platforms/job-changes.ts";
import type { PlatformRun } from "../e2e/platforms/platform-case.ts";
import {
  type ServedRelease,
  type StartedPlatformJob,
  serveRelease,
  startPlatformJob,
} from "../e2e/platforms/platform-job.ts";
import { runSpacelift } from "../e2e/platforms/spacelift.ts";
import { expectHarmless, hostileText, startSilentProxy } from "./bad-jobs.ts";

interface Subject {
  example: string;
  /** What the message about a missing token has to say. */
  missing: RegExp;
  /** The variable that tells the job's folder for temporary files. */
  temporary: string;
  run(job: StartedPlatformJob, changes?: JobChanges): Promise<PlatformRun>;
}

const subjects: Record<string, Subject> = {
  "the plugin of Spacelift": {
    example: "examples/spacelift",
    missing: /SPACELIFT_OIDC_TOKEN.*\n.*Spacelift sets it in every run of a paid account/,
    temporary: "TMPDIR",
    run: (job, changes) => runSpacelift(job, { form: "plugin", shell: ["dash"], pauses: false }, changes),
  },
  "the plugin of env0": {
    example: "examples/env0",
    missing: /ENV0_OIDC_TOKEN[\s\S]*\[x\] Enable OIDC during deployments/,
    temporary: "TMPDIR",
    run: (job, changes) => runEnv0(job, { form: "plugin", shell: ["dash"] }, changes),
  },
  "a custom flow of env0": {
    example: "examples/env0",
    missing: /ENV0_OIDC_TOKEN[\s\S]*\[x\] Enable OIDC during deployments/,
    temporary: "TMPDIR",
    run: (job, changes) => runEnv0(job, { form: "custom-flow", shell: ["busybox", "sh"] }, changes),
  },
  "the task of Azure DevOps": {
    example: "examples/azure-devops",
    missing: /SYSTEM_OIDCREQUESTURI/,
    temporary: "AGENT_TEMPDIRECTORY",
    run: (job, changes) => runAzureDevops(job, "task", changes),
  },
  "the template of Azure DevOps": {
    example: "examples/azure-devops",
    missing: /SYSTEM_OIDCREQUESTURI/,
    temporary: "AGENT_TEMPDIRECTORY",
    run: (job, changes) => runAzureDevops(job, "template", changes),
  },
};

let release: ServedRelease;

beforeAll(async () => {
  release = await serveRelease({
    platforms: ["azure-devops", "env0", "spacelift"],
    bundles: ["azure-devops-cleanup", "azure-devops-join", "bot-join", "node-forge", "ssh-proxy", "yaml"],
  });
}, 120_000);

afterAll(() => release[Symbol.asyncDispose]());

describe.each(Object.entries(subjects))("%s", { timeout: 60_000 }, (_name, subject) => {
  let job: StartedPlatformJob;

  beforeEach(async () => {
    job = await startPlatformJob(subject, release, undefined);
  });
  afterEach(() => job[Symbol.asyncDispose]());

  /** Runs a bad job to its end, and expects one error and nothing left of it. */
  async function fails(changes: JobChanges, text: RegExp): Promise<void> {
    const { exitCode, output } = await subject.run(job, changes);
    expect(exitCode, output).not.toBe(0);
    expect(output).toMatch(text);
    expect(output).not.toMatch(/defect of bot-join|^\s+at .*:\d+:\d+|\bundefined\b/m);
    expectHarmless(job, output);
  }

  test("without a token names what is missing", () => fails({ idToken: null }, subject.missing));

  test("with an empty token", () => fails({ idToken: "" }, /ERR_IDTOKEN_|ERR_RUN_/));

  test("with the token of another platform", async () => {
    const foreign = await job.emulator
      .issuer("https://gitlab.bot.test")
      .sign({ ...platformClaims("gitlab"), iss: "https://gitlab.bot.test" });
    await fails({ idToken: foreign }, /ERR_IDTOKEN_\w+/);
  });

  test("with a token that has expired", async () => {
    const expired = await job.idToken({ exp: Math.floor(Date.now() / 1000) - 3600 });
    await fails({ idToken: expired }, /expired/);
  });

  test("with a hostile branch, job name and claim runs nothing of them", async () => {
    const claims = {
      sub: hostileText,
      callerId: hostileText,
      environmentName: hostileText,
      rpo_ref: hostileText,
    };
    const { output } = await subject.run(job, {
      idToken: await job.idToken(claims),
      environment: {
        BUILD_SOURCEBRANCH: hostileText,
        BUILD_DEFINITIONNAME: hostileText,
        SYSTEM_JOBDISPLAYNAME: hostileText,
        TF_VAR_spacelift_commit_branch: hostileText,
        ENV0_ENVIRONMENT_NAME: hostileText,
      },
    });
    expectHarmless(job, output);
    expect(readdirSync(job.directory, { recursive: true })).not.toContain("pwned");
    expect(existsSync("pwned")).toBe(false);
  });

  test("without a folder for temporary files", async () => {
    const file = join(job.directory, "no-folder");
    writeFileSync(file, "");
    job.prepared();
    await fails({ environment: { [subject.temporary]: file, TMPDIR: file } }, /no-folder/);
  });

  test("that is killed in the middle of the join leaves nothing behind the clean-up", async () => {
    await using proxy = await startSilentProxy();
    const kills: ((signal: NodeJS.Signals) => void)[] = [];
    void proxy.reached.then(() => kills[0]?.("SIGKILL"));
    const { exitCode, output } = await subject.run(job, {
      proxy: proxy.address,
      onStepStart: (kill) => kills.push(kill),
    });
    expect(exitCode, output).not.toBe(0);
    expectHarmless(job, output);
  });
});
