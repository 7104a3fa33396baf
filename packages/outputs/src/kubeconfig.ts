import { parsePem } from "@bot-join/core";
import { readSubject } from "@bot-join/formats";
import { OutputError } from "./errors.ts";
import type { KubernetesTarget } from "./kubernetes-target.ts";
import { endLine, type OutputIdentity } from "./output-identity.ts";
import { renderYaml, type YamlMap } from "./yaml-text.ts";

/** The entries of a kubeconfig; the first context is the current one. */
export interface KubeconfigEntries {
  clusters: { name: string; server: string }[];
  contexts: { name: string; cluster: string; namespace: string | undefined }[];
  userName: string;
}

/** What all clusters of a kubeconfig share. */
type KubeconfigTarget = Pick<KubernetesTarget, "rootCluster" | "tlsServerName" | "user" | "omitPreferences">;

const commonName = "2.5.4.3";

/**
 * Renders `kubeconfig.yaml` as client-go writes it: keys and lists sorted by name (outputs.md section 6.1). Throws
 * `ERR_OUTPUT_HOST_CA_MISSING`.
 */
export function renderKubeconfig(
  identity: OutputIdentity,
  target: KubeconfigTarget,
  entries: KubeconfigEntries,
): string {
  const authority = base64(trustedAuthorities(identity, target.rootCluster));
  return renderYaml({
    apiVersion: "v1",
    clusters: entries.clusters.toSorted(byName).map(({ name, server }) => ({
      cluster: {
        "certificate-authority-data": authority,
        server,
        "tls-server-name": target.tlsServerName,
      },
      name,
    })),
    contexts: entries.contexts.toSorted(byName).map(({ name, cluster, namespace }) => ({
      context: { cluster, namespace, user: entries.userName },
      name,
    })),
    "current-context": entries.contexts[0]?.name ?? "",
    kind: "Config",
    preferences: target.omitPreferences ? undefined : {},
    users: [{ name: entries.userName, user: renderUser(identity, target) }],
  });
}

function renderUser(identity: OutputIdentity, { user }: KubeconfigTarget): YamlMap {
  if (user.kind === "static") {
    return {
      "client-certificate-data": base64(endLine(identity.tlsCertificate)),
      "client-key-data": base64(endLine(identity.privateKeyPem.reveal())),
    };
  }
  return {
    exec: {
      apiVersion: "client.authentication.k8s.io/v1beta1",
      args: user.args,
      command: user.command,
      env: null,
      provideClusterInfo: false,
    },
  };
}

/** The host authorities that vouch for the proxy: those of the root cluster alone, told by their common name. */
function trustedAuthorities({ authorities: { host } }: OutputIdentity, rootCluster: string): string {
  const certificates = host.flatMap(({ tlsCertificates }) => tlsCertificates);
  const trusted = certificates.filter((pem) => {
    const [block] = parsePem(pem);
    const subject = block === undefined ? [] : readSubject(block.der);
    return subject.some(({ oid, value }) => oid === commonName && value === rootCluster);
  });
  if (trusted.length > 0) return trusted.map(endLine).join("\n");
  throw new OutputError({
    code: "ERR_OUTPUT_HOST_CA_MISSING",
    kind: "cluster",
    message: `The kubeconfig needs a host authority of cluster ${rootCluster}; of the ${certificates.length} that the cluster returned none has that name.`,
    hint: "Check that the proxy belongs to that cluster.",
  });
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** By code points, as Go sorts. */
function byName(a: { name: string }, b: { name: string }): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}
