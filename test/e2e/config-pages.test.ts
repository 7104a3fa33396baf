import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { parse, stringify } from "yaml";
import { blocksOf } from "../docs/pages.ts";
import { requirePostgres } from "../support/postgres.ts";
import { findTool, requireTool } from "../support/tools.ts";
import {
  type ExampleCluster,
  type ExampleJob,
  serveAction,
  startExampleCluster,
  startExampleJob,
} from "./config-cluster.ts";
import { root, type ServedRelease } from "./platforms/platform-job.ts";

let release: ServedRelease;

beforeAll(async () => {
  release = await serveAction();
}, 120_000);

afterAll(async () => {
  await release[Symbol.asyncDispose]();
});

const programs = ["ssh", "sshd", "kubectl", "curl", "psql", "ssh-keygen", "openssl"];

async function start(context: TestContext): Promise<ExampleCluster> {
  for (const program of programs) requireTool(context, program);
  return await startExampleCluster({ sshd: findTool("sshd"), postgres: requirePostgres(context) });
}

/** Runs every command that a page shows, from the first block to the last. */
async function runPage(page: string, cluster: ExampleCluster, job: ExampleJob): Promise<void> {
  const blocks = blocksOf({ path: page, text: readFileSync(join(root, page), "utf8") });
  const prelude = `bot-join() { "${process.execPath}" "${release.path}/github/dist/bot-join.cjs" "$@"; }\nset -eu\n`;
  for (const { language, text, line } of blocks) {
    if (language !== "sh") continue;
    const variables = { CURL_CA_BUNDLE: job.caFile, NODE_EXTRA_CA_CERTS: job.caFile };
    const { status, stdout, stderr } = await job.run("bash", ["-c", prelude + cluster.fit(text)], variables);
    expect(status, `${page}, line ${line}: ${stdout}${stderr}`).toBe(0);
  }
}

describe("the commands of", () => {
  test("docs/outputs.md, after one join for the outputs of all examples", async (context) => {
    await using cluster = await start(context);
    await using job = await startExampleJob(cluster, release);
    const configs = readdirSync(join(root, "examples/outputs"))
      .filter((name) => name.endsWith(".yaml") && !["resources.yaml", "everything.yaml"].includes(name))
      .map((name) => readFileSync(join(root, "examples/outputs", name), "utf8"))
      .map((text) => parse(cluster.fit(text)) as { outputs: unknown[] });
    const all = { ...configs[0], outputs: configs.flatMap(({ outputs }) => outputs) };
    job.write("all.yaml", stringify(all));
    const { status, stderr } = await job.botJoin(["start", "-c", "all.yaml"]);
    expect(status, stderr).toBe(0);
    await runPage("docs/outputs.md", cluster, job);
  });

  test("docs/migrate-from-tbot.md", async (context) => {
    await using cluster = await start(context);
    await using job = await startExampleJob(cluster, release);
    await runPage("docs/migrate-from-tbot.md", cluster, job);
  });
});
