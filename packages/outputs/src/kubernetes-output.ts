import { authorityFiles, keyFiles } from "./common-files.ts";
import { renderKubeconfig } from "./kubeconfig.ts";
import type { KubernetesTarget } from "./kubernetes-target.ts";
import type { OutputFiles } from "./output-files.ts";
import type { OutputIdentity } from "./output-identity.ts";

/**
 * Renders the files of a `kubernetes` output from a certificate that is routed to the Kubernetes cluster (outputs.md
 * section 6.3). Throws `ERR_OUTPUT_HOST_CA_MISSING`, `ERR_OUTPUT_NAME_UNSAFE`.
 */
export function renderKubernetesOutput(identity: OutputIdentity, kube: KubernetesTarget): OutputFiles {
  const name = `${kube.teleportCluster}-${kube.kubeCluster}`;
  const kubeconfig = renderKubeconfig(identity, kube, {
    clusters: [{ name, server: kube.server }],
    contexts: [{ name: kube.contextName, cluster: name, namespace: undefined }],
    userName: name,
  });
  return new Map([...keyFiles(identity), ["kubeconfig.yaml", kubeconfig], ...authorityFiles(identity)]);
}
