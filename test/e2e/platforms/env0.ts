import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { playEnv0Deployment } from "../../support/env0-deployment.ts";
import { changedEnvironment, type JobChanges, stepStart } from "./job-changes.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

/** Runs the example's deployment with the plugin, or with a flow of its own. */
export async function runEnv0(
  job: PlatformJob,
  { form, shell }: { form: "plugin" | "custom-flow"; shell: string[] },
  changes: JobChanges = {},
): Promise<PlatformRun> {
  const { directory, release, downloadUrl, environment } = job;
  const folder = join(directory, "template");
  mkdirSync(folder);
  copyFileSync(join(release, "env0/bot-join.sh"), join(folder, "bot-join.sh"));
  job.prepared();
  const token = changes.idToken === undefined ? await job.idToken() : changes.idToken;
  const flow = job.fit(readFileSync(join(root, `examples/env0/${form}/env0.yml`), "utf8"));
  const played = await playEnv0Deployment({
    ...stepStart(changes),
    flow: flow.replaceAll(job.proxy, changes.proxy ?? job.proxy),
    plugins: {
      "https://github.com/teleport/bot-join-env0": readFileSync(
        join(release, "env0/env0.plugin.yaml"),
        "utf8",
      ),
    },
    folder,
    shell,
    environment: changedEnvironment(
      {
        ...environment,
        BOT_JOIN_DOWNLOAD_URL: downloadUrl,
        ...(token === null ? {} : { ENV0_OIDC_TOKEN: token }),
        ENV0_ENVIRONMENT_ID: "0fedcba9-8765-4321-8fed-cba987654321",
        ENV0_DEPLOYMENT_LOG_ID: "7d6c5b4a-3928-4716-8504-f3e2d1c0b9a8",
        ENV0_PROJECT_ID: "5e2ab3a1-0f1e-4c9d-8b7a-6f5e4d3c2b1a",
      },
      changes,
    ),
  });
  const ssh = played.steps.find(({ name }) => name === "Deploy");
  return { exitCode: played.exitCode, output: played.output, sshOutput: ssh?.result.stdout ?? "" };
}

const example = "examples/env0";

export const env0Cases: PlatformCase[] = [
  {
    name: "env0: the plugin",
    platform: "env0",
    example,
    run: (job) => runEnv0(job, { form: "plugin", shell: ["dash"] }),
  },
  {
    name: "env0: a custom flow, in dash",
    platform: "env0",
    example,
    run: (job) => runEnv0(job, { form: "custom-flow", shell: ["dash"] }),
  },
  {
    name: "env0: a custom flow, in busybox sh",
    platform: "env0",
    example,
    run: (job) => runEnv0(job, { form: "custom-flow", shell: ["busybox", "sh"] }),
  },
];
