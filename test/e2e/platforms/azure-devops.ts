import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runOnAgent } from "../../support/azure-agent.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { type JobChanges, stepStart } from "./job-changes.ts";
import type { PlatformCase, PlatformJob, PlatformRun } from "./platform-case.ts";
import { root } from "./platform-job.ts";

/** Unpacks the packed extension into a folder. */
function unpackExtension(release: string, folder: string): void {
  const released = join(release, "azure-devops");
  const vsix = readdirSync(released).find((file) => file.endsWith(".vsix"));
  execFileSync("unzip", ["-q", join(released, vsix ?? ""), "-d", folder]);
}

/** Runs the example's pipeline with the task of the extension, or with the template. */
export async function runAzureDevops(
  job: PlatformJob,
  form: "task" | "template",
  changes: JobChanges = {},
): Promise<PlatformRun> {
  const { release, directory, downloadUrl, environment } = job;
  using extension = tempDir();
  unpackExtension(release, extension.path);
  const played = await runOnAgent({
    pipeline: readFileSync(join(root, `examples/azure-devops/${form}/azure-pipelines.yml`), "utf8"),
    extension: extension.path,
    templates: { "join.yml": readFileSync(join(release, "azure-devops/join.yml"), "utf8") },
    idToken: async () => changes.idToken ?? (await job.idToken()),
    directory,
    environment: { ...environment, BOT_JOIN_DOWNLOAD_URL: downloadUrl },
    variables: {
      ...(changes.idToken === null
        ? { SYSTEM_OIDCREQUESTURI: undefined, SYSTEM_COLLECTIONURI: undefined }
        : {}),
      ...changes.environment,
    },
    ...stepStart(changes),
    node: process.execPath,
    mockRunner: true,
    adapt: (text) => job.fit(text).replaceAll(job.proxy, changes.proxy ?? job.proxy),
  });
  const ssh = played.steps.find(({ what }) => what === "Deploy");
  const leftovers = played.leftovers.join("\n");
  return {
    exitCode: played.succeeded && leftovers === "" ? 0 : 1,
    output: played.log + leftovers,
    sshOutput: ssh?.result.stdout ?? "",
  };
}

const example = "examples/azure-devops";

export const azureDevopsCases: PlatformCase[] = [
  {
    name: "Azure DevOps: the task of the extension",
    platform: "azure-devops",
    example,
    run: (job) => runAzureDevops(job, "task"),
  },
  {
    name: "Azure DevOps: the template",
    platform: "azure-devops",
    example,
    run: (job) => runAzureDevops(job, "template"),
  },
];
