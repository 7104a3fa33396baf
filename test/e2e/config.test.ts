import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { playWorkflow } from "../support/github-runner/player.ts";
import { requirePostgres } from "../support/postgres.ts";
import type { BundleResult } from "../support/run-bundle.ts";
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
  return readFileSync(join(root, "examples/outputs", name), "utf8");
}

function expectOk({ status, stdout, stderr }: BundleResult): string {
  expect(status, `${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** The files of every output that holds a Teleport identity (outputs.md section 1.3). */
const common = ["identity", "key", "key-cert.pub", "key.pub", "tlscert"];
const bundles = ["teleport-database-ca.crt", "teleport-host-ca.crt", "teleport-user-ca.crt"];

interface Example {
  /** Folder of the output → its files, but for the empty `.write-test`. */
  folders: Record<string, string[]>;
  /** Shows that a client takes them. */
  use?(context: TestContext, job: ExampleJob, cluster: ExampleCluster): Promise<void>;
}

async function lookAtWithOpenssl(context: TestContext, job: ExampleJob, args: string[]): Promise<string> {
  return expectOk(await job.run(requireTool(context, "openssl"), args));
}

const examples: Record<string, Example> = {
  "identity.yaml": {
    folders: {
      identity: [
        ...common,
        ...bundles,
        "example.teleport.sh.known_hosts",
        "example.teleport.sh.ssh_config",
        "known_hosts",
        "ssh-proxy.cjs",
        "ssh_config",
      ],
    },
    async use(context, job, cluster) {
      const ssh = requireTool(context, "ssh");
      const words = ["-F", "identity/ssh_config", `${cluster.login}@web-1.example.teleport.sh`, "id", "-un"];
      expect(expectOk(await job.run(ssh, words, { NODE_EXTRA_CA_CERTS: job.caFile }))).toBe(
        `${cluster.login}\n`,
      );
    },
  },
  "ssh_host.yaml": {
    folders: { host: ["ssh_host", "ssh_host-cert.pub", "ssh_host-user-ca.pub"] },
    async use(context, job) {
      const keygen = requireTool(context, "ssh-keygen");
      const text = expectOk(await job.run(keygen, ["-L", "-f", "host/ssh_host-cert.pub"]));
      expect(text).toMatch(/host certificate[\s\S]*web-2\.example\.com\n\s+10\.0\.0\.7/);
    },
  },
  "kubernetes.yaml": {
    folders: { kube: [...common, ...bundles, "kubeconfig.yaml", "ssh-proxy.cjs"] },
    async use(context, job) {
      const kubectl = requireTool(context, "kubectl");
      const words = ["--kubeconfig=kube/kubeconfig.yaml", "get", "pods", "-o", "name"];
      expect(expectOk(await job.run(kubectl, words))).toBe("pod/web-0\npod/web-1\n");
    },
  },
  "kubernetes-v2.yaml": {
    folders: { kubes: [...common, "kubeconfig.yaml", "ssh-proxy.cjs", "teleport-host-ca.crt"] },
    async use(context, job) {
      const kubectl = requireTool(context, "kubectl");
      const config = "--kubeconfig=kubes/kubeconfig.yaml";
      const names = expectOk(await job.run(kubectl, [config, "config", "get-contexts", "-o", "name"]));
      expect(names).toBe("lab\nprod-eu\n");
      const words = [config, "--context=lab", "get", "pods", "-o", "name"];
      expect(expectOk(await job.run(kubectl, words))).toBe("pod/web-0\npod/web-1\n");
    },
  },
  "application.yaml": {
    folders: { app: [...common, ...bundles, "tls.cas", "tls.crt", "tls.key"] },
    async use(context, job, cluster) {
      const curl = requireTool(context, "curl");
      const url = cluster.fit("https://grafana.example.teleport.sh/api/health");
      const words = ["--silent", "--fail", "--cert", "app/tls.crt", "--key", "app/tls.key", url];
      const answer = expectOk(await job.run(curl, words, { CURL_CA_BUNDLE: job.caFile }));
      expect(JSON.parse(answer)).toMatchObject({ path: "/api/health" });
    },
  },
  "database.yaml": {
    folders: { db: [...common, ...bundles] },
    async use(context, job, cluster) {
      const psql = requireTool(context, "psql");
      const [host = "", port = ""] = cluster.emulator.proxyAddress.split(":");
      const words = Object.entries({
        ...{ host, port, user: "ci", dbname: "shop", sslmode: "verify-full" },
        ...{ sslrootcert: "db/teleport-host-ca.crt", sslcert: "db/tlscert", sslkey: "db/key" },
      }).map(([name, value]) => `${name}=${value}`);
      const asked = await job.run(psql, ["-X", "-t", "-A", words.join(" "), "-c", "select current_user"]);
      expect(expectOk(asked)).toBe("ci\n");
    },
  },
  "workload-identity-x509.yaml": {
    folders: { svid: ["svid.pem", "svid_bundle.pem", "svid_key.pem"] },
    async use(context, job) {
      const verify = ["verify", "-CAfile", "svid/svid_bundle.pem", "svid/svid.pem"];
      expect(await lookAtWithOpenssl(context, job, verify)).toContain("OK");
      const show = ["x509", "-noout", "-ext", "subjectAltName", "-in", "svid/svid.pem"];
      expect(await lookAtWithOpenssl(context, job, show)).toContain(
        "URI:spiffe://example.teleport.sh/ci/deployer",
      );
    },
  },
  "workload-identity-jwt.yaml": {
    folders: { jwt: ["jwt_svid"] },
    async use(_context, job) {
      const [, payload = ""] = readFileSync(join(job.workspace, "jwt/jwt_svid"), "utf8").split(".");
      expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({
        sub: "spiffe://example.teleport.sh/ci/deployer",
        aud: ["vault.example.com"],
      });
    },
  },
  "everything.yaml": {
    folders: {
      identity: [
        ...common,
        ...bundles,
        "example.teleport.sh.known_hosts",
        "example.teleport.sh.ssh_config",
        "known_hosts",
        "ssh-proxy.cjs",
        "ssh_config",
      ],
      kube: [...common, ...bundles, "kubeconfig.yaml", "ssh-proxy.cjs"],
      app: [...common, ...bundles],
      db: [...common, ...bundles],
    },
  },
};

test("every example has its row", () => {
  const files = readdirSync(join(root, "examples/outputs")).filter((name) => name !== "resources.yaml");
  expect(files.filter((name) => name.endsWith(".yaml")).sort()).toEqual(Object.keys(examples).sort());
});

test.for(Object.entries(examples))(
  "examples/outputs/%s, as bot-join start -c reads it",
  async ([name, wanted], context) => {
    const sshd = name === "identity.yaml" ? requireTool(context, "sshd") : undefined;
    const postgres = name === "database.yaml" ? requirePostgres(context) : undefined;
    await using cluster = await startExampleCluster({ sshd, postgres });
    await using job = await startExampleJob(cluster, release);
    job.write("tbot.yaml", cluster.fit(example(name)));
    const result = await job.botJoin(["start", "-c", "tbot.yaml", "--format=json"]);
    const outputs = JSON.parse(expectOk(result)) as Record<string, string>;
    expect(outputs["cluster"]).toBe("example.teleport.sh");
    for (const [folder, files] of Object.entries(wanted.folders))
      expect(
        readdirSync(join(job.workspace, folder))
          .filter((file) => file !== ".write-test")
          .sort(),
      ).toEqual([...files].sort());
    await wanted.use?.(context, job, cluster);
    expectOk(await job.botJoin(["cleanup"]));
    for (const folder of Object.keys(wanted.folders))
      expect(existsSync(join(job.workspace, folder))).toBe(false);
  },
);

test("examples/github/tbot-yaml.yml: ssh and kubectl after one step", async (context) => {
  requireTool(context, "kubectl");
  requireTool(context, "ssh");
  await using cluster = await startExampleCluster({ sshd: requireTool(context, "sshd") });
  await using job = await startExampleJob(cluster, release);
  job.write("everything.yaml", cluster.fit(example("everything.yaml")));
  const workflow = readFileSync(join(root, "examples/github/tbot-yaml.yml"), "utf8");
  const before = readdirSync(job.workspace);
  const played = await playWorkflow({
    workflow: cluster.fit(workflow),
    github: job.github,
    temporary: join(job.workspace, ".."),
    actionRoot: join(release.path, "github"),
    node: process.execPath,
    inputs: { "ca-file": job.caFile },
    environment: { HOME: job.workspace, NODE_EXTRA_CA_CERTS: job.caFile },
  });
  expect(played.failed, played.log.text).toBe(false);
  expect(played.steps[0]?.outputs).toMatchObject({
    "identity-file": join(job.workspace, "identity/identity"),
    kubeconfig: join(job.workspace, "kube/kubeconfig.yaml"),
    "certificate-file": join(job.workspace, "app/tlscert"),
  });
  expect(played.steps[1]?.result.stdout).toBe(`${cluster.login}\n`);
  expect(played.steps[2]?.result.stdout).toContain("web-1");
  expect(readdirSync(job.workspace).filter((name) => !name.startsWith("."))).toEqual(before);
});

describe("what stands above a tbot.yaml, and what below (outputs.md sections 9.1 and 10)", () => {
  let cluster: ExampleCluster;

  beforeAll(async () => {
    cluster = await startExampleCluster();
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  async function start(
    args: string[],
    environment: Record<string, string> = {},
    text: string = cluster.fit(example("identity.yaml")),
  ): Promise<{ result: BundleResult; folders: string[] }> {
    await using job = await startExampleJob(cluster, release);
    job.write("tbot.yaml", text);
    job.write("token.txt", "ci-deploy\n");
    const result = await job.botJoin(
      ["start", ...args.map((arg) => arg.replace("WORKSPACE", job.workspace))],
      { ...environment },
    );
    const folders = readdirSync(job.workspace).filter((name) => !name.includes("."));
    return { result, folders };
  }

  test.each<[name: string, args: string[], environment: Record<string, string>, folders: string[]]>([
    ["the file alone", ["-c", "tbot.yaml"], {}, ["identity"]],
    [
      "variables that an earlier join has exported",
      ["-c", "tbot.yaml"],
      { TELEPORT_PROXY: "localhost:1", TELEPORT_AUTH_SERVER: "localhost:1", TELEPORT_BOT_TOKEN: "other" },
      ["identity"],
    ],
    ["by TBOT_CONFIG_PATH", [], { TBOT_CONFIG_PATH: "tbot.yaml" }, ["identity"]],
    [
      "--destination-dir in the place of all outputs",
      ["-c", "tbot.yaml", "--destination-dir=only"],
      {},
      ["only"],
    ],
    ["a token as the path of a file", ["-c", "tbot.yaml", "--token=WORKSPACE/token.txt"], {}, ["identity"]],
    [
      "a form in the place of all outputs",
      ["application", "--app=grafana", "--destination=app", "-c", "tbot.yaml"],
      {},
      ["app"],
    ],
  ])("%s", async (_name, args, environment, folders) => {
    const { result, folders: found } = await start(args, environment);
    expectOk(result);
    expect(found).toEqual(folders);
  });

  test("TBOT_CONFIG holds the file in base64", async () => {
    const text = cluster.fit(example("identity.yaml"));
    const { result, folders } = await start([], { TBOT_CONFIG: Buffer.from(text).toString("base64") });
    expectOk(result);
    expect(folders).toEqual(["identity"]);
  });

  test("a token on the command line stands for all of onboarding", async () => {
    const text = cluster.fit(example("identity.yaml")).replace("join_method: github", "join_method: gitlab");
    const refused = await start(["-c", "tbot.yaml"], {}, text);
    expect(refused.result.status).toBe(2);
    expect(refused.result.stderr).toContain("ERR_IDTOKEN_NOT_ON_PLATFORM");
    const { result } = await start(["-c", "tbot.yaml", "--token=ci-deploy"], {}, text);
    expectOk(result);
    expect(result.stderr).toContain("This job runs on GitHub Actions");
  });

  test.each<[name: string, text: string, messages: string[]]>([
    [
      "an unknown key, as tbot ignores it",
      "outputs:\n  - type: identity\n    destinatoin: {type: directory, path: /x}\n",
      ['line 4, column 5: unknown key "destinatoin"; did you mean destination?', "no destination configured"],
    ],
    ["a file of version v1", "auth_server: x\n", ["`tbot migrate"]],
    ["a service that runs on", "services: [{type: ssh-multiplexer, destination: /x}]\n", ["multiplexer"]],
    ["a tab", "outputs:\n\t- type: identity\n", ["line 3, column 1: a tab"]],
  ])("%s is told with its place, and nothing is written", async (name, text, messages) => {
    const version = name.includes("v1") ? "" : "version: v2\n";
    const { result, folders } = await start(["-c", "tbot.yaml"], {}, `${version}${text}`);
    expect(result.status).toBe(2);
    for (const message of [...messages, "ERR_RUN_CONFIG"]) expect(result.stderr).toContain(message);
    expect([result.stdout, folders]).toEqual(["", []]);
  });

  test("a file that is not there", async () => {
    const { result } = await start(["-c", "missing.yaml"]);
    expect(result.stderr).toMatch(/missing\.yaml, which cannot be read[\s\S]*ERR_RUN_FILE_INPUT/);
  });
});
