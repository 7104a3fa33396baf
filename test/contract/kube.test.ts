import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Emulator } from "@bot-join/emulator";
import { CertUsage } from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEmulator, testResources } from "../support/emulator.ts";
import { type KubeApi, kubeToken, startKubeApi } from "../support/kube-api.ts";
import { type RawIdentity, rawAuth, rawHttp, rawTls } from "../support/raw-client.ts";
import { type OutputRequest, rawOutput } from "../support/raw-output.ts";
import { tempDir } from "../support/temp-dir.ts";
import { requireTool } from "../support/tools.ts";
import { joinRaw, targetOf } from "./joined.ts";

const run = promisify(execFile);
const kubeName = "kube-teleport-proxy-alpn.localhost";

/** What kubectl says of a 404 instead of its API: from 1.24 or so, and before. */
const notFound = /could not find the requested resource|doesn't have a resource type/;

const roles = `
kind: role
version: v7
metadata: {name: kube-dev}
spec:
  allow:
    kubernetes_labels: {env: dev}
    kubernetes_groups: ['{{internal.kubernetes_groups}}', viewers]
---
kind: role
version: v7
metadata: {name: kube-nobody}
spec: {allow: {kubernetes_labels: {'*': '*'}}}
---
kind: bot
version: v1
metadata: {name: robot}
spec:
  roles: [kube-dev, kube-nobody]
  traits: [{name: kubernetes_groups, values: [deployers]}]
`;

function clusterDocument(name: string, env: string, kubeconfig?: string): string {
  const spec =
    kubeconfig === undefined ? "{}" : `{kubeconfig: ${Buffer.from(kubeconfig).toString("base64")}}`;
  return `
kind: kube_cluster
version: v3
metadata: {name: ${name}, labels: {env: ${env}}}
spec: ${spec}
`;
}

describe.each(["14", "18"] as const)(
  "Kubernetes behind version %s (proxy-transport.md section 6.1)",
  (version) => {
    let emulator: Emulator;
    let api: KubeApi;
    let bot: RawIdentity;

    beforeAll(async () => {
      api = await startKubeApi(["web-0", "web-1"]);
      const documents = [
        testResources,
        roles,
        clusterDocument("dev-1", "dev", api.kubeconfig),
        clusterDocument("prod-1", "prod", api.kubeconfig),
        clusterDocument("no-config", "dev"),
      ];
      emulator = await startTestEmulator({
        version,
        resources: parseResources(documents.join("---\n"), "test"),
      });
      bot = await joinRaw(emulator);
    });
    afterAll(async () => {
      await emulator[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    });

    const kubeOutput = (changes: OutputRequest = {}): Promise<RawIdentity> =>
      rawOutput(emulator, bot, { roleRequests: ["kube-dev"], kubernetesCluster: "dev-1", ...changes });

    const ask = (identity: RawIdentity, path: string, headers: Record<string, string> = {}) =>
      rawHttp({ address: emulator.proxyAddress, ca: identity.tlsCaCerts[1] ?? "" }, "GET", path, {
        headers,
        tls: { servername: kubeName, cert: identity.tls, key: identity.key.privateKeyPem },
      });

    const pods = "/api/v1/namespaces/default/pods";
    const routed = (cluster: string, path: string, teleport = "bot.test"): string => {
      const part = (text: string): string => Buffer.from(text).toString("base64url");
      return `/v1/teleport/${part(teleport)}/${part(cluster)}${path}`;
    };

    it("kubectl lists pods with a certificate that names the cluster", async (context) => {
      const kubectl = requireTool(context, "kubectl");
      using folder = tempDir();
      const identity = await kubeOutput();
      const kubeconfig = join(folder.path, "kubeconfig.yaml");
      const data = (text: string): string => Buffer.from(text).toString("base64");
      const config = (server: string): string => `apiVersion: v1
kind: Config
current-context: bot.test-dev-1
clusters:
- name: bot.test-dev-1
  cluster:
    certificate-authority-data: ${data(identity.tlsCaCerts[1] ?? "")}
    server: ${server}
    tls-server-name: ${kubeName}
contexts:
- name: bot.test-dev-1
  context: {cluster: bot.test-dev-1, user: bot}
users:
- name: bot
  user: {client-certificate-data: ${data(identity.tls)}, client-key-data: ${data(identity.key.privateKeyPem)}}
`;
      const getPods = async (server: string): Promise<string> => {
        writeFileSync(kubeconfig, config(server));
        const env = { PATH: process.env["PATH"] ?? "", HOME: folder.path, KUBECONFIG: kubeconfig };
        return (await run(kubectl, ["get", "pods", "-o", "name"], { env })).stdout;
      };
      await expect(getPods(`https://${emulator.proxyAddress}`)).resolves.toBe("pod/web-0\npod/web-1\n");
      expect(api.requests.at(-1)?.headers).toMatchObject({
        authorization: `Bearer ${kubeToken}`,
        "impersonate-user": "bot-robot",
        "impersonate-group": "deployers, viewers, system:authenticated",
      });
      const byPath = getPods(`https://${emulator.proxyAddress}${routed("dev-1", "")}`);
      if (version === "14") await expect(byPath).rejects.toThrow(notFound);
      else await expect(byPath).resolves.toBe("pod/web-0\npod/web-1\n");
    });

    it("nobody can say who they are but by their certificate", async () => {
      const before = api.requests.length;
      const headers = {
        "Impersonate-User": "admin",
        "Impersonate-Extra-x": "y",
        Authorization: "Bearer mine",
      };
      expect(await ask(await kubeOutput(), pods, headers)).toMatchObject({ status: 200 });
      const seen = api.requests[before]?.headers;
      expect(seen).toMatchObject({ "impersonate-user": "bot-robot", authorization: `Bearer ${kubeToken}` });
      expect(seen).not.toHaveProperty("impersonate-extra-x");
    });

    it("a certificate restricted to Kubernetes is good here and nowhere else", async () => {
      const identity = await kubeOutput({ usage: CertUsage.KUBERNETES });
      expect(await ask(identity, pods)).toMatchObject({ status: 200 });
      using auth = await rawAuth(targetOf(emulator), "bot.test", identity);
      expect(await auth.unary("/proto.AuthService/Ping", new Uint8Array())).toMatchObject({
        status: 7,
        message: "access denied: invalid client certificate",
      });
      expect(await ask(await kubeOutput({ usage: CertUsage.DATABASE }), pods)).toMatchObject({ status: 403 });
    });

    it.each([
      [
        "labels that no role allows",
        { kubernetesCluster: "prod-1" },
        403,
        'no role gives access to the kubernetes cluster "prod-1"',
      ],
      [
        "no groups",
        { roleRequests: ["kube-nobody"] },
        403,
        "no role has kubernetes_groups or kubernetes_users",
      ],
      [
        "a cluster that cannot be reached",
        { kubernetesCluster: "no-config" },
        504,
        'the kubernetes cluster "no-config" has no kubeconfig',
      ],
    ])("refuses %s as an API server would", async (_what, changes, status, message) => {
      const answer = await ask(await kubeOutput(changes), pods);
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toMatchObject({ kind: "Status", status: "Failure", code: status });
      expect(answer.body).toContain(JSON.stringify(message).slice(1, -1));
    });

    it("a path names the cluster, whatever the certificate names, where the version has such paths", async () => {
      const identity = await kubeOutput({ kubernetesCluster: "no-config" });
      const before = api.requests.length;
      const status = version === "14" ? 404 : 200;
      expect(await ask(identity, routed("dev-1", `${pods}?limit=5`))).toMatchObject({ status });
      const seen = api.requests.slice(before).map(({ path }) => path);
      expect(seen).toEqual(version === "14" ? [] : [`${pods}?limit=5`]);
      expect(await ask(identity, routed("nope", pods))).toMatchObject({ status: 404 });
      expect(await ask(identity, routed("dev-1", pods, "leaf.test"))).toMatchObject({ status: 404 });
    });

    it("wants a client certificate of the cluster's own", async () => {
      const socket = await rawTls(targetOf(emulator), { servername: kubeName, ca: bot.tlsCaCerts[1] ?? "" });
      socket.resume();
      await expect(once(socket, "close")).resolves.toBeDefined();
    });
  },
);
