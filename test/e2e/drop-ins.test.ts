import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { type PlayedJob, playWorkflow } from "../support/github-runner/player.ts";
import { requirePostgres } from "../support/postgres.ts";
import { requireTool } from "../support/tools.ts";
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

function example(name: string): string {
  return readFileSync(join(root, "examples/github", name), "utf8");
}

function play(
  cluster: ExampleCluster,
  job: ExampleJob,
  workflow: string,
  inputs: Record<string, string> = {},
): Promise<PlayedJob> {
  return playWorkflow({
    workflow: cluster.fit(workflow),
    github: job.github,
    temporary: join(job.workspace, ".."),
    actionRoot: join(release.path, "github"),
    node: process.execPath,
    inputs: { "ca-file": job.caFile, directory: join(job.workspace, "out"), ...inputs },
    environment: { CURL_CA_BUNDLE: job.caFile, HOME: job.workspace },
  });
}

describe.each(["14", "18"] as const)("the drop-in actions with Teleport %s", (version) => {
  async function start(context: TestContext, tool: string): Promise<ExampleCluster> {
    requireTool(context, tool);
    const postgres = tool === "psql" ? requirePostgres(context) : undefined;
    return await startExampleCluster({ version, postgres });
  }

  test("auth-k8s: kubectl lists pods, and nothing else is exported", async (context) => {
    await using cluster = await start(context, "kubectl");
    await using job = await startExampleJob(cluster, release);
    const played = await play(cluster, job, example("kubernetes.yml"));
    expect(played.failed, played.log.text).toBe(false);
    const [join_, kubectl] = played.steps;
    const out = join(job.workspace, "out");
    expect(join_?.exports).toEqual({ KUBECONFIG: join(out, "kubeconfig.yaml") });
    expect(join_?.outputs).toMatchObject({
      "identity-file": join(out, "identity"),
      kubeconfig: join(out, "kubeconfig.yaml"),
      "destination-dir": out,
    });
    expect(kubectl?.result.stdout).toContain("web-0");
    expect(cluster.kubeApi.requests.at(-1)?.headers["impersonate-user"]).toBe("bot-ci-deploy");
    // Its clean-up takes back what it wrote, the copied program included.
    expect(readdirSync(job.workspace)).not.toContain("out");
  });

  test("auth-application: curl reaches the application, and no variable is exported", async (context) => {
    await using cluster = await start(context, "curl");
    await using job = await startExampleJob(cluster, release);
    const played = await play(cluster, job, example("application.yml"));
    expect(played.failed, played.log.text).toBe(false);
    const [join_, curl] = played.steps;
    const out = join(job.workspace, "out");
    expect(join_?.exports).toEqual({});
    expect(join_?.outputs).toMatchObject({
      "destination-dir": out,
      "identity-file": join(out, "identity"),
      "certificate-file": join(out, "tlscert"),
      "key-file": join(out, "key"),
    });
    expect(JSON.parse(curl?.result.stdout ?? "")).toMatchObject({ path: "/api/health" });
  });

  test("database: psql is let in as the user of the certificate", async (context) => {
    await using cluster = await start(context, "psql");
    await using job = await startExampleJob(cluster, release);
    const played = await play(cluster, job, example("database.yml"));
    expect(played.failed, played.log.text).toBe(false);
    const [join_, psql] = played.steps;
    expect(join_?.exports).toEqual({});
    expect(psql?.result.stdout).toMatch(/^ ci$/m);
  });
});

describe("inputs of the drop-in actions", () => {
  let cluster: ExampleCluster;

  beforeAll(async () => {
    cluster = await startExampleCluster();
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  test("disable-env-vars keeps KUBECONFIG away", async () => {
    await using job = await startExampleJob(cluster, release);
    const workflow = example("kubernetes.yml").replace("kubectl get pods", 'test -z "$KUBECONFIG"');
    const played = await play(cluster, job, workflow, { "disable-env-vars": "true", cleanup: "false" });
    expect(played.failed, played.log.text).toBe(false);
    expect(played.steps[0]?.exports).toEqual({});
    expect(readdirSync(join(job.workspace, "out"))).toContain("kubeconfig.yaml");
  });

  test.each([
    [
      "kubernetes.yml",
      { "kubernetes-cluster": " " },
      "kubernetes-cluster: missing. Name of the Kubernetes cluster",
    ],
    ["application.yml", { app: "", timeout: "soon" }, "app: missing. Name of the application"],
    [
      "database.yml",
      { format: "mogno" },
      'format: "mogno" cannot be used. Allowed: tls, mongo, cockroach. Did you mean mongo?',
    ],
    ["kubernetes.yml", { "kubernetes-cluster": "prod-ue" }, "prod-eu"],
    ["application.yml", { app: "grafanna" }, "grafana"],
  ])("%s with %j fails, and says why", async (name, inputs: Record<string, string>, message) => {
    await using job = await startExampleJob(cluster, release);
    const played = await play(cluster, job, example(name), inputs);
    expect(played.failed).toBe(true);
    expect(played.log.text.replaceAll("%0A", "\n")).toContain(message);
    expect(played.steps[0]?.exports).toEqual({});
    expect(readdirSync(job.workspace)).not.toContain("out");
  });
});
