import type { ResourceKind } from "../find-resource.ts";

/** Kubernetes clusters, listed by the agents that serve them. */
export const kubernetesClusters: ResourceKind<undefined> = {
  resourceType: "kube_server",
  noun: "Kubernetes cluster",
  command: "tsh kube ls",
  roleLabels: "kubernetes_labels",
  read({ resource }) {
    if (resource.case !== "kubernetesServer") return undefined;
    return { metadata: resource.value.spec?.cluster?.metadata, value: undefined };
  },
};
