import { afterAll, beforeAll, expect, test } from "vitest";
import { requireTool } from "../support/tools.ts";
import { platformCases } from "./platforms/all.ts";
import { type ServedRelease, serveRelease, startPlatformJob } from "./platforms/platform-job.ts";
import { secretsShown } from "./platforms/secrets-shown.ts";

let release: ServedRelease;

beforeAll(async () => {
  release = await serveRelease();
  // tfx-cli takes its time to pack the extension for Azure DevOps.
}, 120_000);

afterAll(() => release[Symbol.asyncDispose]());

test.for(platformCases)("$name", { timeout: 60_000 }, async (platformCase, context) => {
  requireTool(context, "ssh");
  await using job = await startPlatformJob(platformCase, release, requireTool(context, "sshd"));
  const run = await platformCase.run(job);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.sshOutput, run.output).not.toBe("");
  expect(run.output).toContain(run.sshOutput.trim());
  // The node knows the bot by the certificate's key id.
  expect(job.sshdLog()).toContain(`ID "bot-${job.bot}"`);
  expect(secretsShown(run.output, job.idTokens)).toEqual([]);
  expect(job.changes()).toEqual([]);
});
