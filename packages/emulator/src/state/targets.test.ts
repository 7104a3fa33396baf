import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePublicKey, parseOpenSshCertificate } from "@bot-join/formats";
import { ListResourcesRequestSchema } from "@bot-join/proto";
import { parseResources } from "@bot-join/resources";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createTestCluster, type TestCluster } from "../test-cluster.ts";

const documents = `
kind: app
version: v3
metadata: {name: grafana, labels: {env: dev}}
spec: {uri: 'http://127.0.0.1:1'}
---
kind: remote_cluster
version: v3
metadata: {name: leaf.test}
spec: {nodes: [{hostname: db-1, addr: '127.0.0.1:22'}]}
---
kind: workload_identity
version: v1
metadata: {name: w}
spec: {spiffe: {id: /w}}
`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bot-join-targets-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function appNames({ cluster, join: joinCluster }: TestCluster): Promise<string[]> {
  const bot = cluster.authenticate((await joinCluster()).answer.tls);
  const request = create(ListResourcesRequestSchema, { resourceType: "app_server", limit: 10 });
  const { resources } = cluster.rpc.listResources({ ...bot, roles: ["ssh-access"] }, request);
  return resources.map(({ resource }) => resource.value?.metadata?.name ?? "");
}

it("what is reached through a cluster, and a leaf's authorities, outlive the process", async () => {
  const first = await createTestCluster("18", { stateDirectory: directory });
  first.cluster.addResources(parseResources(documents, "test"));
  const hostKey = encodePublicKey(generateKeyPairSync("ed25519").publicKey);
  const authorityOf = ({ cluster }: TestCluster): Uint8Array =>
    parseOpenSshCertificate(cluster.issueHostSsh(hostKey, ["db-1"], "Node", "leaf.test")).signatureKey;
  expect(await appNames(first)).toEqual(["grafana"]);
  expect(first.cluster.nodes()).toEqual([
    { hostname: "db-1", uuid: "db-1@leaf.test", address: "127.0.0.1:22", cluster: "leaf.test" },
  ]);
  const spiffe = first.cluster.authorities.spiffe.tlsCertificatePem;
  const kept = authorityOf(first);

  const second = await createTestCluster("18", { stateDirectory: directory }, false);
  expect(await appNames(second)).toEqual(["grafana"]);
  expect(second.cluster.authorities.spiffe.tlsCertificatePem).toBe(spiffe);
  expect(readdirSync(join(directory, "cert_authority", "leaf%2etest"))).toEqual(["host.yaml"]);
  expect(authorityOf(second)).toEqual(kept);
});
