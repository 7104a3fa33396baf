import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { requireTool } from "../../../test/support/tools.ts";
import { renderKubernetesOutput } from "./kubernetes-output.ts";
import type { KubernetesTarget, KubernetesV2Target } from "./kubernetes-target.ts";
import { renderKubernetesV2Output } from "./kubernetes-v2-output.ts";
import type { OutputFiles } from "./output-files.ts";
import { recorded, recordedIdentity, temporaryFolder } from "./test-support.ts";

const identity = recordedIdentity("kubernetes");
const exec = { kind: "exec", command: "/opt/bot-join", args: ["kube", "credentials"] } as const;

function target(over: Partial<KubernetesTarget> = {}): KubernetesTarget {
  return {
    teleportCluster: "bot.test",
    kubeCluster: "kc",
    server: "https://proxy.bot.test:3443",
    tlsServerName: "kube-teleport-proxy-alpn.proxy.bot.test",
    rootCluster: "bot.test",
    user: { ...exec, args: [...exec.args] },
    contextName: "bot.test-kc",
    omitPreferences: false,
    ...over,
  };
}

function targetV2(over: Partial<KubernetesV2Target> = {}): KubernetesV2Target {
  const { kubeCluster: _, contextName: __, ...base } = target();
  return {
    ...base,
    clusters: [
      { name: "prod", contextName: "bot.test-prod", namespace: "shop" },
      { name: "dev", contextName: "bot.test-dev", namespace: undefined },
    ],
    ...over,
  };
}

function kubeconfig(files: OutputFiles): string {
  return String(files.get("kubeconfig.yaml"));
}

const authority = Buffer.from(recorded("kubernetes", "teleport-host-ca.crt")).toString("base64");

describe("kubernetes", () => {
  test("by document: static user, context of another name, no TLS routing, newest client-go", () => {
    const files = renderKubernetesOutput(
      identity,
      target({
        user: { kind: "static" },
        contextName: "prod",
        tlsServerName: undefined,
        server: "https://kube.bot.test:3026",
        omitPreferences: true,
      }),
    );
    expect(kubeconfig(files)).toBe(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${authority}
    server: https://kube.bot.test:3026
  name: bot.test-kc
contexts:
- context:
    cluster: bot.test-kc
    user: bot.test-kc
  name: prod
current-context: prod
kind: Config
users:
- name: bot.test-kc
  user:
    client-certificate-data: ${Buffer.from(recorded("kubernetes", "tlscert")).toString("base64")}
    client-key-data: ${Buffer.from(recorded("kubernetes", "key")).toString("base64")}
`);
  });

  test("of several host authorities those of the root cluster count, with an empty line between them", () => {
    const leaf = {
      clusterName: "leaf.test",
      sshPublicKeys: [],
      tlsCertificates: [recorded("kubernetes", "tlscert")],
    };
    const { host } = identity.authorities;
    const rotating = {
      ...identity,
      authorities: { ...identity.authorities, host: [...host, leaf, ...host] },
    };
    const [cluster] = parse(kubeconfig(renderKubernetesOutput(rotating, target()))).clusters;
    const pem = recorded("kubernetes", "teleport-host-ca.crt");
    expect(Buffer.from(cluster.cluster["certificate-authority-data"], "base64").toString()).toBe(
      `${pem}\n${pem}`,
    );
  });

  test("without a host authority of the root cluster nothing could be verified", () => {
    expect(() => renderKubernetesOutput(identity, target({ rootCluster: "other.test" }))).toThrow(
      expect.objectContaining({
        code: "ERR_OUTPUT_HOST_CA_MISSING",
        message: expect.stringContaining("other.test"),
      }),
    );
  });
});

describe("kubernetes/v2", () => {
  test("by document: one user, a cluster and a context for each, sorted, the first one current", () => {
    const files = renderKubernetesV2Output(identity, targetV2());
    expect(kubeconfig(files)).toBe(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${authority}
    server: https://proxy.bot.test:3443/v1/teleport/Ym90LnRlc3Q/ZGV2
    tls-server-name: kube-teleport-proxy-alpn.proxy.bot.test
  name: bot.test-dev
- cluster:
    certificate-authority-data: ${authority}
    server: https://proxy.bot.test:3443/v1/teleport/Ym90LnRlc3Q/cHJvZA
    tls-server-name: kube-teleport-proxy-alpn.proxy.bot.test
  name: bot.test-prod
contexts:
- context:
    cluster: bot.test-dev
    user: bot.test
  name: bot.test-dev
- context:
    cluster: bot.test-prod
    namespace: shop
    user: bot.test
  name: bot.test-prod
current-context: bot.test-prod
kind: Config
preferences: {}
users:
- name: bot.test
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - kube
      - credentials
      command: /opt/bot-join
      env: null
      provideClusterInfo: false
`);
    expect([...files.keys()]).toEqual([
      "identity",
      "key-cert.pub",
      "tlscert",
      "key",
      "key.pub",
      "kubeconfig.yaml",
      "teleport-host-ca.crt",
    ]);
  });

  test("a cluster that two selectors find is written once, as the first found it", () => {
    const [prod, dev] = targetV2().clusters;
    if (prod === undefined || dev === undefined) throw new TypeError("unreachable");
    const clusters = [prod, dev, { ...prod, namespace: "other" }];
    expect(renderKubernetesV2Output(identity, targetV2({ clusters }))).toEqual(
      renderKubernetesV2Output(identity, targetV2()),
    );
  });

  test("selectors that found nothing give a file without clusters", () => {
    const config = parse(kubeconfig(renderKubernetesV2Output(identity, targetV2({ clusters: [] }))));
    expect(config).toMatchObject({ clusters: null, contexts: null, "current-context": "" });
  });

  test("two clusters of one context name are refused", () => {
    const clusters = targetV2().clusters.map((cluster) => ({ ...cluster, contextName: "same" }));
    expect(() => renderKubernetesV2Output(identity, targetV2({ clusters }))).toThrow(
      expect.objectContaining({
        code: "ERR_OUTPUT_CONTEXT_NAME",
        message: expect.stringMatching(/prod and dev.*"same"/),
      }),
    );
  });
});

describe("kubectl", () => {
  /** What kubectl makes of a kubeconfig, in a format of its. */
  async function understood(kubectl: string, files: OutputFiles, format: "json" | "yaml"): Promise<string> {
    using folder = await temporaryFolder();
    const path = join(folder.path, "kubeconfig.yaml");
    writeFileSync(path, kubeconfig(files), { mode: 0o600 });
    const options = { encoding: "utf8", env: { HOME: folder.path, KUBECONFIG: path } } as const;
    return execFileSync(kubectl, ["config", "view", "--raw", "-o", format], options);
  }

  test.for<[string, OutputFiles]>([
    ["kubernetes", renderKubernetesOutput(identity, target())],
    ["kubernetes with a static user", renderKubernetesOutput(identity, target({ user: { kind: "static" } }))],
    ["kubernetes/v2", renderKubernetesV2Output(identity, targetV2())],
    ["kubernetes/v2 without clusters", renderKubernetesV2Output(identity, targetV2({ clusters: [] }))],
  ])("writes %s with the same bytes itself", async ([, files], context) => {
    const kubectl = requireTool(context, "kubectl");
    // What some of its versions leave out or add.
    const withoutVaried = (text: string): string =>
      text.replace(/^preferences: \{\}\n/m, "").replace(/^ +interactiveMode: .*\n/m, "");
    expect(withoutVaried(await understood(kubectl, files, "yaml"))).toBe(withoutVaried(kubeconfig(files)));
  });

  const oddNames = [
    "plain",
    "true",
    "12",
    "1e3",
    "@a: b #c",
    "it's",
    "- x",
    "日本 ünï",
    "a\nb",
    "arn:aws:eks:x:1:cluster/y",
    "~",
    "%",
  ];

  test("reads every name as it was given", async (context) => {
    const kubectl = requireTool(context, "kubectl");
    const clusters = oddNames.map((name) => ({ name, contextName: name, namespace: name }));
    const user = { kind: "exec", command: "/opt/with 'signs': #/bot-join", args: oddNames } as const;
    const files = renderKubernetesV2Output(
      identity,
      targetV2({ clusters, teleportCluster: "bot.test", user: { ...user, args: [...user.args] } }),
    );
    const config = JSON.parse(await understood(kubectl, files, "json")) as Record<string, unknown>;
    expect(config["current-context"]).toBe("plain");
    const contexts = config["contexts"] as { name: string; context: { namespace: string } }[];
    expect(contexts.map(({ name }) => name).sort()).toEqual([...oddNames].sort());
    for (const { name, context: entry } of contexts) expect(entry.namespace).toBe(name);
    expect(config["users"]).toEqual([
      {
        name: "bot.test",
        user: {
          exec: expect.objectContaining({ command: user.command, args: oddNames, provideClusterInfo: false }),
        },
      },
    ]);
  });
});
