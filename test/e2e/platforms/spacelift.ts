import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { playSpaceliftRun } from "../../support/spacelift-run.ts";
import { changedEnvironment, type JobChanges, stepStart } from "./job-changes.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

/** The claims of a tracked run of the example's stack. */
const claims = {
  callerId: "web-production",
  sub: "space:legacy:stack:web-production:run_type:TRACKED:scope:write",
};

/** Runs the example's stack with the plugin, or with hooks of its own. */
export async function runSpacelift(
  job: PlatformJob,
  { form, shell, pauses }: { form: "plugin" | "hooks"; shell: string[]; pauses: boolean },
  changes: JobChanges = {},
): Promise<PlatformRun> {
  const { directory, release, downloadUrl, environment } = job;
  const workspace = join(directory, "workspace");
  mkdirSync(join(workspace, "source"), { recursive: true });
  const plugin = readFileSync(join(release, "spacelift/plugin.yaml"), "utf8");
  if (form === "hooks")
    copyFileSync(join(release, "spacelift/bot-join.sh"), join(workspace, "source/bot-join.sh"));
  job.prepared();
  const token = changes.idToken === undefined ? await job.idToken(claims) : changes.idToken;
  const played = await playSpaceliftRun({
    ...stepStart(changes),
    config: job.fit(readFileSync(join(root, `examples/spacelift/${form}/.spacelift/config.yml`), "utf8")),
    ...(form === "plugin"
      ? {
          plugin,
          parameters: { proxy: changes.proxy ?? job.proxy, token: "ci-deploy", download_url: downloadUrl },
        }
      : {}),
    workspace,
    shell,
    pauses,
    environment: changedEnvironment(
      {
        ...environment,
        BOT_JOIN_DOWNLOAD_URL: downloadUrl,
        ...(token === null ? {} : { SPACELIFT_OIDC_TOKEN: token }),
        TF_VAR_spacelift_run_id: "01J8ZB1R0T9V4K3M2N1P0QXYZA",
        TF_VAR_spacelift_stack_id: "web-production",
      },
      changes,
    ),
  });
  return {
    exitCode: played.exitCode,
    output: played.output,
    sshOutput: played.parts.at(-2)?.stdout.trim().split("\n").at(-1) ?? "",
  };
}

const example = "examples/spacelift";

export const spaceliftCases: PlatformCase[] = [
  {
    name: "Spacelift: the plugin, with a pause for confirmation, in dash",
    platform: "spacelift",
    example,
    run: (job) => runSpacelift(job, { form: "plugin", shell: ["dash"], pauses: true }),
  },
  {
    name: "Spacelift: the plugin, without a pause, in busybox sh",
    platform: "spacelift",
    example,
    run: (job) => runSpacelift(job, { form: "plugin", shell: ["busybox", "sh"], pauses: false }),
  },
  {
    name: "Spacelift: hooks of the stack's own, in busybox sh",
    platform: "spacelift",
    example,
    run: (job) => runSpacelift(job, { form: "hooks", shell: ["busybox", "sh"], pauses: true }),
  },
];
