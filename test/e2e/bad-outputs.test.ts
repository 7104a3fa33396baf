import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseResources } from "@bot-join/resources";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { onTmpfs, requireMounts } from "../support/tmpfs.ts";
import {
  type ExampleCluster,
  type ExampleJob,
  serveAction,
  startExampleCluster,
  startExampleJob,
} from "./config-cluster.ts";
import { root, type ServedRelease } from "./platforms/platform-job.ts";

/** Two clusters that were discovered under one name, and two workloads with one label. */
const documents = `
kind: kube_cluster
version: v3
metadata: {name: blue-eu-1, labels: {env: staging, teleport.internal/discovered-name: blue}}
---
kind: kube_cluster
version: v3
metadata: {name: blue-us-1, labels: {env: staging, teleport.internal/discovered-name: blue}}
---
kind: workload_identity
version: v1
metadata: {name: builder, labels: {env: production}}
spec: {spiffe: {id: /ci/builder}}
---
kind: role
version: v7
metadata: {name: admin}
spec: {allow: {logins: [root]}}
`;

let release: ServedRelease;
let cluster: ExampleCluster;
let job: ExampleJob;

beforeAll(async () => {
  release = await serveAction();
  cluster = await startExampleCluster();
  cluster.emulator.addResources(parseResources(documents, "bad-outputs.test.ts"));
}, 120_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await release[Symbol.asyncDispose]();
});

beforeEach(async () => {
  job = await startExampleJob(cluster, release);
});

afterEach(() => job[Symbol.asyncDispose]());

/** Head of the examples' tbot.yaml, and outputs as lines of their own. */
function tbotYaml(outputs: readonly string[], extra = ""): string {
  const example = readFileSync(join(root, "examples/outputs/identity.yaml"), "utf8");
  const [head = ""] = cluster.fit(example).split("outputs:");
  return `${head}${extra}outputs:\n${outputs.map((output) => `  - ${output}\n`).join("")}`;
}

/** Every entry of the job's folder, which all of its temporary and command files lie in: path → what it is. */
function entries(): Record<string, string> {
  const folder = dirname(job.workspace);
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const stat = lstatSync(join(folder, path));
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isSymbolicLink()) return [path, `link to ${readlinkSync(join(folder, path))}`];
      if (stat.isDirectory()) return [path, `folder ${mode}`];
      return [path, `file ${mode} ${readFileSync(join(folder, path), "base64")}`];
    }),
  );
}

/**
 * Runs `start -c` with outputs that cannot be, and gives what it said: nothing may be exported, and the job's folder must be as
 * it was.
 */
async function expectRefused(text: string, code: string, wrapper: string[] = []): Promise<string> {
  job.write("tbot.yaml", text);
  const before = entries();
  const temporary = { TMPDIR: dirname(job.workspace) };
  const program = join(release.path, "github/dist/bot-join.cjs");
  const [first = "", ...args] = [...wrapper, process.execPath, program, "start", "-c", "tbot.yaml"];
  const { status, signal, stdout, stderr } = await job.run(first, args, temporary);
  expect(stderr).toContain(code);
  expect([status === 0, signal, stdout]).toEqual([false, null, ""]);
  expect(entries()).toEqual(before);
  return stderr;
}

const good = "{type: identity, destination: ./identity}";

describe("one bad output among good ones: the join fails and says which", () => {
  test.each<[what: string, output: string, code: string, texts: (string | RegExp)[]]>([
    [
      "a misspelt database",
      "{type: database, service: ordesr, username: ci, database: shop, destination: ./bad}",
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      [/For the database output in \S+\/bad: .*"ordesr".*there are: orders\./, "Did you mean orders?"],
    ],
    [
      "a misspelt application, by its name",
      "{type: application, app_name: grafna, name: dashboards, destination: ./bad}",
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      [/For the application output dashboards: .*"grafna".*there are: grafana\./, "Did you mean grafana?"],
    ],
    [
      "a misspelt Kubernetes cluster",
      "{type: kubernetes, kubernetes_cluster: prod-ue, destination: ./bad}",
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      [/"prod-ue".*there are: blue-eu-1, blue-us-1, lab, prod-eu\./, "Did you mean prod-eu?"],
    ],
    [
      "a name that two clusters were discovered under",
      "{type: kubernetes, kubernetes_cluster: blue, destination: ./bad}",
      "ERR_JOIN_RESOURCE_AMBIGUOUS",
      [/discovered as "blue": blue-eu-1, blue-us-1\./, "Give the full name of one of them."],
    ],
    [
      "a name among selectors that is not there",
      "{type: kubernetes/v2, selectors: [{labels: {env: staging}}, {name: labb}], destination: ./bad}",
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      ['"labb"', "Did you mean lab?"],
    ],
    [
      "labels that no cluster has",
      "{type: kubernetes/v2, selectors: [{labels: {env: none}}], destination: ./bad}",
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      [/none has the labels {"env":"none"}/],
    ],
    [
      "labels that two workload identities have",
      "{type: workload-identity-x509, selector: {labels: {env: [production]}}, destination: ./bad}",
      "ERR_JOIN_RESOURCE_AMBIGUOUS",
      [/: builder, deployer\./],
    ],
    [
      "a role that the bot may not have",
      "{type: database, service: orders, roles: [admin], destination: ./bad}",
      "ERR_JOIN_ROLES",
      [/For the database output in \S+\/bad: .*admin/],
    ],
    [
      "a leaf cluster that is not there",
      "{type: identity, cluster: leaf.test, destination: ./bad}",
      "ERR_JOIN_CERTIFICATES_REFUSED",
      [/For the identity output in \S+\/bad: .*leaf\.test/],
    ],
  ])("%s", async (_what, output, code, texts) => {
    const error = await expectRefused(tbotYaml([good, output]), code);
    for (const text of texts)
      expect(error).toEqual(
        typeof text === "string" ? expect.stringContaining(text) : expect.stringMatching(text),
      );
  });
});

describe("a tbot.yaml that cannot be: told before the network, with its place", () => {
  test.each<[what: string, text: () => string, message: RegExp]>([
    [
      "two outputs with one destination",
      () => tbotYaml([good, "{type: application, app_name: grafana, destination: ./other/../identity/}"]),
      /two outputs have the same destination \S+\/identity\b/,
    ],
    [
      "two outputs with one name",
      () => tbotYaml([good.replace("}", ", name: x}"), "{type: identity, name: x, destination: ./b}"]),
      /two outputs have the name x/,
    ],
    [
      "an output without destination",
      () => tbotYaml([good, "{type: identity}"]),
      /no destination configured/,
    ],
    [
      "a wrong type",
      () => tbotYaml(["{type: identity, roles: ci-deploy, destination: ./a}"]),
      /line \d+, column \d+: roles must be a list of texts/,
    ],
    [
      "two documents",
      () => `${tbotYaml([good])}---\n${tbotYaml([good])}`,
      /line \d+, column \d+: a second document/,
    ],
    [
      "a Kubernetes secret",
      () => tbotYaml([good, "{type: identity, destination: {type: kubernetes_secret, name: x}}"]),
      /kubernetes_secret are not possible: it belongs to bots that live/,
    ],
  ])("%s", async (_what, text, message) => {
    const { connections } = cluster.emulator.counters;
    const error = await expectRefused(text(), "ERR_RUN_CONFIG");
    expect(error).toMatch(message);
    expect(cluster.emulator.counters.connections).toBe(connections);
    expect(job.github.tokenRequests).toEqual([]);
  });
});

test("a lifetime beyond what the cluster grants is told for each output, with what it is", async () => {
  const [role = ""] = readFileSync(join(root, "examples/outputs/resources.yaml"), "utf8").split("---");
  const brief = role.replace("spec:\n", "spec:\n  options: {max_session_ttl: 2h}\n");
  await using strict = await startExampleCluster();
  strict.emulator.addResources(parseResources(brief, "bad-outputs.test.ts"));
  await using strictJob = await startExampleJob(strict, release);
  const output =
    "{type: application, app_name: grafana, name: app, credential_ttl: 20h, renewal_interval: 1h, destination: ./a}";
  const text = tbotYaml([good, output], "certificate_ttl: 10h\nrenewal_interval: 1h\n");
  strictJob.write("tbot.yaml", text.replace(cluster.emulator.proxyAddress, strict.emulator.proxyAddress));
  const { status, stderr } = await strictJob.botJoin(["start", "-c", "tbot.yaml"]);
  expect(status, stderr).toBe(0);
  const pattern = /For the (\S+ output [^:]+): The cluster shortened the lifetime from (\w+) to ([\w ]+):/g;
  const granted = [...stderr.matchAll(pattern)].map(([, ...parts]) => parts);
  const around = expect.stringMatching(/^(2h|1h 59m \d+s)$/);
  expect(granted).toEqual([
    [`identity output in ${join(strictJob.workspace, "identity")}`, "10h", around],
    ["application output app", "20h", around],
  ]);
});

describe("symbolic links", () => {
  test("in the destination's place are refused, unless the tbot.yaml says otherwise", async () => {
    mkdirSync(join(job.workspace, "elsewhere"));
    symlinkSync(join(job.workspace, "elsewhere"), join(job.workspace, "linked"));
    for (const destination of ["./linked", "{path: ./linked, symlinks: secure}"]) {
      const bad = `{type: application, app_name: grafana, destination: ${destination}}`;
      const error = await expectRefused(tbotYaml([good, bad]), "ERR_OUTPUT_DIRECTORY_IS_LINK");
      expect(error).toContain(join(job.workspace, "linked"));
    }
    const insecure =
      "{type: application, app_name: grafana, destination: {path: ./linked, symlinks: insecure}}";
    job.write("tbot.yaml", tbotYaml([good, insecure]));
    const { status, stderr } = await job.botJoin(["start", "-c", "tbot.yaml"]);
    expect(status, stderr).toBe(0);
    expect(readdirSync(join(job.workspace, "elsewhere"))).toContain("tlscert");
  });

  test("above it are fine, and two outputs cannot meet behind one", async () => {
    mkdirSync(join(job.workspace, "real"));
    symlinkSync("real", join(job.workspace, "above"));
    job.write("tbot.yaml", tbotYaml(["{type: identity, destination: ./above/out}"]));
    const { status, stderr } = await job.botJoin(["start", "-c", "tbot.yaml"]);
    expect(status, stderr).toBe(0);
    expect(readdirSync(join(job.workspace, "real/out"))).toContain("key");
    expect((await job.botJoin(["cleanup"])).status).toBe(0);
    const meeting = ["./above/out", "./real/out"].map((path) => `{type: identity, destination: ${path}}`);
    await expectRefused(tbotYaml(meeting), "ERR_OUTPUT_DIRECTORY_BUSY");
  });
});

describe("a disk that is full at the third of five outputs", () => {
  const outputs = ["one", "two", "disk/three", "four", "five"].map(
    (path) => `{type: identity, destination: ./${path}}`,
  );

  test.for<[when: string, limits: string]>([
    ["before the join", "size=64k"],
    // Enough for the lock and a look at what is free, not for the files of an output.
    ["while it is written", "nr_inodes=8"],
  ])(
    "%s: nothing remains of any, and what an earlier join wrote is as it was",
    async ([, limits], context) => {
      await requireMounts(context);
      mkdirSync(join(job.workspace, "disk"));
      job.write("tbot.yaml", tbotYaml(outputs.slice(0, 2)));
      const { status, stderr } = await job.botJoin(["start", "-c", "tbot.yaml"]);
      expect(status, stderr).toBe(0);
      job.write("listing", "");
      const wrapper = onTmpfs(context, join(job.workspace, "disk"), limits, join(job.workspace, "listing"));
      const error = await expectRefused(tbotYaml(outputs), "ERR_OUTPUT_DISK_FULL", wrapper);
      expect(error).toContain(join(job.workspace, "disk/three"));
      expect(job.github.tokenRequests).toHaveLength(limits.startsWith("size") ? 1 : 2);
    },
  );
});
