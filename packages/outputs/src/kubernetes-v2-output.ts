import { renderCaBundle } from "./ca-bundles.ts";
import { keyFiles } from "./common-files.ts";
import { OutputError } from "./errors.ts";
import { renderKubeconfig } from "./kubeconfig.ts";
import type { KubernetesV2Target } from "./kubernetes-target.ts";
import type { OutputFiles } from "./output-files.ts";
import type { OutputIdentity } from "./output-identity.ts";

/**
 * Renders the files of a `kubernetes/v2` output from a certificate without a route: the proxy reads the Kubernetes cluster
 * from the path of the address (outputs.md section 6.4). Of clusters that are listed twice the first counts. Throws
 * `ERR_OUTPUT_CONTEXT_NAME`, `ERR_OUTPUT_HOST_CA_MISSING`, `ERR_OUTPUT_NAME_UNSAFE`.
 */
export function renderKubernetesV2Output(identity: OutputIdentity, kube: KubernetesV2Target): OutputFiles {
  const clusters = kube.clusters.filter(
    ({ name }, index) => kube.clusters.findIndex((other) => other.name === name) === index,
  );
  checkContextNames(clusters);
  const kubeconfig = renderKubeconfig(identity, kube, {
    clusters: clusters.map(({ name, contextName }) => ({
      name: contextName,
      server: `${kube.server}/v1/teleport/${base64url(kube.teleportCluster)}/${base64url(name)}`,
    })),
    contexts: clusters.map(({ contextName, namespace }) => ({
      name: contextName,
      cluster: contextName,
      namespace,
    })),
    userName: kube.teleportCluster,
  });
  return new Map([
    ...keyFiles(identity),
    ["kubeconfig.yaml", kubeconfig],
    ["teleport-host-ca.crt", renderCaBundle(identity.authorities.host)],
  ]);
}

function base64url(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}

/** kubectl takes one of two contexts of the same name, and nobody would see which. */
function checkContextNames(clusters: KubernetesV2Target["clusters"]): void {
  for (const { name, contextName } of clusters) {
    const other = clusters.find((cluster) => cluster.contextName === contextName && cluster.name !== name);
    if (other === undefined) continue;
    throw new OutputError({
      code: "ERR_OUTPUT_CONTEXT_NAME",
      kind: "user",
      message: `The Kubernetes clusters ${name} and ${other.name} would both get the context ${JSON.stringify(contextName)} in kubeconfig.yaml.`,
      hint: "Put {{.KubeName}} into context_name_template, so that each cluster has a name of its own.",
    });
  }
}
