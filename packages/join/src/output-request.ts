import type { KeyPair } from "./key-pair.ts";

interface RequestBase {
  /** What the output is called in errors, such as `the database output in /tmp/orders`. */
  label: string;
  /** Roles to impersonate; empty means all that the bot may. */
  roles: string[];
  /** When the certificate shall expire. */
  expires: Date;
  keyPair: KeyPair;
}

/** Kubernetes clusters by name, or all that have the labels. */
export type KubernetesSelector = ({ name: string } | { labels: Record<string, string> }) & {
  defaultNamespace?: string;
};

/** A workload identity by name, or the one whose labels have one of the values each. */
export type WorkloadSelector = { name: string } | { labels: Record<string, string[]> };

/** One output as far as its certificate goes; the types are tbot's (outputs.md section 1.1). */
export type OutputRequest =
  | (RequestBase & {
      type: "identity";
      /** Leaf cluster to route to; undefined means the bot's own. */
      cluster: string | undefined;
      allowReissue: boolean;
    })
  | (RequestBase & { type: "ssh_host"; principals: string[] })
  | (RequestBase & { type: "kubernetes"; kubernetesCluster: string })
  | (RequestBase & { type: "kubernetes/v2"; selectors: KubernetesSelector[] })
  | (RequestBase & { type: "application"; appName: string })
  | (RequestBase & { type: "database"; service: string; database: string; username: string })
  | (RequestBase & {
      type: "workload-identity-x509";
      selector: WorkloadSelector;
    })
  | (RequestBase & { type: "workload-identity-jwt"; selector: WorkloadSelector; audiences: string[] });

/** The request of one type. */
export type OutputRequestOf<Type extends OutputRequest["type"]> = Extract<OutputRequest, { type: Type }>;
