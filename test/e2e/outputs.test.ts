import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@bot-join/core";
import { readTeleportIdentity } from "@bot-join/formats";
import { parseResources } from "@bot-join/resources";
import { describe, expect, test } from "vitest";
import { startTestEmulator } from "../support/emulator.ts";
import { tempDir } from "../support/temp-dir.ts";
import { requireTool } from "../support/tools.ts";
import { targetResources, workloadResources } from "./outputs-resources.ts";
import { joinForOutputs, type OutputWish } from "./outputs-run.ts";

type Version = "14" | "15" | "16" | "17" | "18";

function startCluster(version: Version) {
  const workloads = Number(version) < 17 ? "" : `\n---${workloadResources}`;
  return startTestEmulator({
    version,
    resources: parseResources(`${targetResources}${workloads}`, "test/e2e/outputs-resources.ts"),
  });
}

const wishes: OutputWish[] = [
  { type: "identity" },
  { type: "kubernetes", kubernetesCluster: "prod-us" },
  { type: "kubernetes", kubernetesCluster: "eu", disableExecPlugin: false },
  {
    type: "kubernetes/v2",
    selectors: [{ name: "prod-us" }, { labels: { env: "prod" }, defaultNamespace: "shop" }],
  },
  { type: "application", appName: "grafana", specificTlsNaming: true },
  { type: "database", service: "orders", database: "shop", username: "deploy", format: "cockroach" },
  { type: "database", service: "cache" },
  { type: "ssh_host", principals: ["web.example.com"] },
  { type: "identity", cluster: "leaf.test" },
  { type: "application", appName: "grafana", destination: { kind: "memory" } },
];

const keyFiles = ["identity", "key", "key-cert.pub", "key.pub", "tlscert"];
const authorityFiles = ["teleport-database-ca.crt", "teleport-host-ca.crt", "teleport-user-ca.crt"];
const common = [...keyFiles, ...authorityFiles];

describe.each<Version>(["14", "15", "16", "17", "18"])("Teleport %s", (version) => {
  test("one join writes an output of every kind", async (context) => {
    const [sshKeygen, openssl] = [requireTool(context, "ssh-keygen"), requireTool(context, "openssl")];
    using folder = tempDir();
    await using emulator = await startCluster(version);
    const { report, variables, logged } = await joinForOutputs(emulator, wishes, folder.path);
    const path = (output: number, name: string): string => join(folder.path, `out-${output}`, name);
    const read = (output: number, name: string): string => readFileSync(path(output, name), "utf8");
    const identity = (output: number) => readTeleportIdentity(read(output, "tlscert"));

    // What each certificate is good for.
    expect(identity(1)).toMatchObject({
      cluster: "bot.test",
      roles: ["deployer"],
      routeToCluster: "bot.test",
    });
    expect(identity(2).attributes.kubernetesCluster).toEqual(["prod-us"]);
    expect(identity(3).attributes.kubernetesCluster).toEqual(["prod-eu"]);
    expect(identity(5).attributes).toMatchObject({
      appName: ["grafana"],
      appClusterName: ["bot.test"],
      appPublicAddress: [expect.stringMatching(/^grafana\./)],
      appSessionId: [expect.stringMatching(/./)],
    });
    expect(identity(6).attributes).toMatchObject({
      databaseService: ["orders"],
      databaseProtocol: ["postgres"],
      databaseUser: ["deploy"],
      databaseName: ["shop"],
    });
    expect(identity(7).attributes).toMatchObject({ databaseService: ["cache"], databaseUser: ["default"] });
    expect(identity(9)).toMatchObject({ cluster: "bot.test", routeToCluster: "leaf.test" });

    // Which files there are.
    expect(readdirSync(path(2, ".")).sort()).toEqual([...common, "kubeconfig.yaml"].sort());
    expect(readdirSync(path(3, ".")).sort()).toEqual([...common, "kubeconfig.yaml", "ssh-proxy.cjs"].sort());
    expect(readdirSync(path(4, ".")).sort()).toEqual(
      [...keyFiles, "teleport-host-ca.crt", "kubeconfig.yaml"].sort(),
    );
    expect(readdirSync(path(5, ".")).sort()).toEqual([...common, "tls.cas", "tls.crt", "tls.key"].sort());
    expect(readdirSync(path(6, ".")).sort()).toEqual([...common, "cockroach"].sort());
    expect(readdirSync(path(8, ".")).sort()).toEqual([
      "ssh_host",
      "ssh_host-cert.pub",
      "ssh_host-user-ca.pub",
    ]);
    expect(existsSync(path(10, "."))).toBe(false);
    expect(report.directories).toHaveLength(wishes.length - 1);
    expect(variables).toMatchObject({
      TELEPORT_IDENTITY_FILE: path(1, "identity"),
      TELEPORT_SSH_CONFIG: path(1, "ssh_config"),
      KUBECONFIG: path(2, "kubeconfig.yaml"),
    });

    // Kinds of keys: database clients get RSA.
    const keyType = (output: number): string | undefined =>
      createPublicKey(createPrivateKey(read(output, "key"))).asymmetricKeyType;
    expect([1, 2, 3, 4, 5, 6, 7, 9].map(keyType)).toEqual(["ec", "ec", "ec", "ec", "ec", "rsa", "rsa", "ec"]);

    // The order of selectors, and who is told what.
    const names = [...read(4, "kubeconfig.yaml").matchAll(/current-context: (.*)/g)].map(([, name]) => name);
    expect(names).toEqual(["bot.test-prod-us"]);
    expect(read(3, "kubeconfig.yaml")).toContain(`--destination-dir=${path(3, "").replace(/\/$/, "")}`);
    const warned = logged.some((line) => line.startsWith("warn:") && line.includes("kubernetes/v2"));
    expect(warned).toBe(Number(version) < 17);

    // Both clusters' nodes can be known.
    for (const output of [1, 9]) {
      expect(read(output, "known_hosts")).toMatch(/,bot\.test,/);
      expect(read(output, "known_hosts")).toMatch(/,leaf\.test,/);
    }

    // Judges of their own.
    const shown = execFileSync(sshKeygen, ["-L", "-f", path(8, "ssh_host-cert.pub")], { encoding: "utf8" });
    expect(shown).toMatch(/host certificate[\s\S]*Principals: \n\s+web\.example\.com\n\s+Critical/);
    for (const output of [1, 2, 3, 4, 5, 6, 7, 9]) {
      const bundle = output === 4 ? path(1, "teleport-user-ca.crt") : path(output, "teleport-user-ca.crt");
      execFileSync(openssl, ["verify", "-CAfile", bundle, path(output, "tlscert")]);
    }
  }, 30_000);
});

describe("workload identities", () => {
  const wishes: OutputWish[] = [
    { type: "workload-identity-x509", selector: { name: "api" } },
    { type: "workload-identity-jwt", selector: { name: "web" }, audiences: ["vault"] },
  ];

  test.for<Version>(["17", "18"])("Teleport %s", async (version, context) => {
    const openssl = requireTool(context, "openssl");
    using folder = tempDir();
    await using emulator = await startCluster(version);
    await joinForOutputs(emulator, wishes, folder.path);
    const path = (output: number, name: string): string => join(folder.path, `out-${output}`, name);
    expect(readdirSync(path(1, ".")).sort()).toEqual(["svid.pem", "svid_bundle.pem", "svid_key.pem"]);
    execFileSync(openssl, ["verify", "-CAfile", path(1, "svid_bundle.pem"), path(1, "svid.pem")]);
    const shown = execFileSync(openssl, ["x509", "-in", path(1, "svid.pem"), "-noout", "-text"]).toString();
    expect(shown).toContain("URI:spiffe://bot.test/svc/api");
    expect(readFileSync(path(1, "svid_key.pem"), "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    const [, claims = ""] = readFileSync(path(2, "jwt_svid"), "utf8").split(".");
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
      sub: "spiffe://bot.test/svc/web",
      aud: ["vault"],
    });
  });

  test("several that the labels fit", async () => {
    using folder = tempDir();
    await using emulator = await startCluster("18");
    const wish: OutputWish = { type: "workload-identity-x509", selector: { labels: { team: ["shop"] } } };
    await expect(joinForOutputs(emulator, [wish], folder.path)).rejects.toMatchObject({
      code: "ERR_JOIN_RESOURCE_AMBIGUOUS",
      message: expect.stringContaining(": api, web."),
    });
  });

  test("a cluster that has none", async () => {
    using folder = tempDir();
    await using emulator = await startCluster("16");
    await expect(joinForOutputs(emulator, wishes, folder.path)).rejects.toMatchObject({
      code: "ERR_JOIN_UNSUPPORTED",
      message: expect.stringMatching(/Teleport 16\.\S+ issues no workload identities/),
    });
  });
});

describe("one output that cannot be", () => {
  const good: OutputWish = { type: "identity" };

  test.each<[what: string, wish: OutputWish, code: string, message: RegExp, hint: RegExp]>([
    [
      "a misspelt database",
      { type: "database", service: "ordesr" },
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      /^For the database output in .*out-2: The roles deployer .* no database "ordesr" .*: cache, orders\.$/,
      /^Did you mean orders\?/,
    ],
    [
      "an application that is not there",
      { type: "application", appName: "jenkins", name: "ci" },
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      /^For the application output ci: .* no application "jenkins" .*: grafana\.$/,
      /tsh apps ls/,
    ],
    [
      "a Kubernetes cluster that the roles do not show",
      { type: "kubernetes", kubernetesCluster: "lab" },
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      /no Kubernetes cluster "lab" .*: prod-eu, prod-us\.$/,
      /kubernetes_labels/,
    ],
    [
      "labels that nothing has",
      { type: "kubernetes/v2", selectors: [{ labels: { env: "none" } }] },
      "ERR_JOIN_RESOURCE_NOT_FOUND",
      /none has the labels {"env":"none"}; there are: prod-eu, prod-us\.$/,
      /tsh kube ls/,
    ],
    [
      "a role that the bot does not have",
      { type: "database", service: "orders", roles: ["admin"] },
      "ERR_JOIN_ROLES",
      /^For the database output in .*admin/,
      /tctl get role\/bot-robot/,
    ],
    [
      "a leaf cluster that is not there",
      { type: "identity", cluster: "other.test" },
      "ERR_JOIN_CERTIFICATES_REFUSED",
      /^For the identity output in .*other\.test/,
      /remote_cluster/,
    ],
  ])("%s: nothing is written or exported", async (_what, wish, code, message, hint) => {
    using folder = tempDir();
    await using emulator = await startCluster("18");
    await expect(joinForOutputs(emulator, [good, wish], folder.path)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    expect(readdirSync(folder.path).sort()).toEqual(["ssh-proxy.cjs", "web-ca.pem"]);
  });
});

test("a lifetime that the cluster shortens is told for each output", async () => {
  using folder = tempDir();
  await using emulator = await startCluster("18");
  const { logged } = await joinForOutputs(
    emulator,
    [
      { type: "identity" },
      { type: "database", service: "orders", name: "pg", credentialTtlMs: 20 * 3600_000 },
    ],
    folder.path,
  );
  expect(logged.filter((line) => line.startsWith("warn:"))).toEqual([
    expect.stringMatching(
      /^warn: For the database output pg: The cluster shortened the lifetime from 20h to /,
    ),
  ]);
});

test("the PKCS#12 form trusts the proxy, and of a database the server as well", async (context) => {
  const openssl = requireTool(context, "openssl");
  using folder = tempDir();
  await using emulator = await startCluster("18");
  const pkcs12 = { password: new Secret("changeit") };
  await joinForOutputs(
    emulator,
    [
      { type: "application", appName: "grafana", pkcs12 },
      { type: "database", service: "orders", pkcs12 },
    ],
    folder.path,
  );
  const blocks = (text: string): string[] =>
    text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const authorities = (output: number): string[] => {
    const store = join(folder.path, `out-${output}`, "keystore.p12");
    const args = ["pkcs12", "-in", store, "-passin", "pass:changeit", "-nokeys", "-cacerts"];
    return blocks(execFileSync(openssl, args, { encoding: "utf8" }));
  };
  const bundle = (output: number, type: string): string[] =>
    blocks(readFileSync(join(folder.path, `out-${output}`, `teleport-${type}-ca.crt`), "utf8"));
  expect(authorities(1)).toEqual(bundle(1, "host"));
  expect(authorities(2)).toEqual([...bundle(2, "host"), ...bundle(2, "database")]);
});

test("labels that no cluster has are told, beside others that one has", async () => {
  using folder = tempDir();
  await using emulator = await startCluster("18");
  const selectors = [{ labels: { env: "none" } }, { name: "prod-us" }];
  const { logged } = await joinForOutputs(emulator, [{ type: "kubernetes/v2", selectors }], folder.path);
  expect(logged.filter((line) => line.startsWith("warn:"))).toEqual([
    'warn: No Kubernetes cluster that the bot may see has the labels {"env":"none"}: kubeconfig.yaml has none for them.',
  ]);
});
