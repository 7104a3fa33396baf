/** How the user of a kubeconfig proves itself: by a program that reads the output's directory, or by key and certificate in the file. */
export type KubernetesUser =
  | { kind: "exec" /** Absolute path. */; command: string; args: string[] }
  | { kind: "static" };

/** What both forms of a `kubernetes` output need. */
interface KubernetesBase {
  /** The Teleport cluster that the Kubernetes cluster belongs to. */
  teleportCluster: string;
  /** `https://…` without a path, as {@link kubernetesAddress} gives it. */
  server: string;
  /** Undefined where the proxy has a port of its own for Kubernetes. */
  tlsServerName: string | undefined;
  /** The cluster whose host authority vouches for the proxy. */
  rootCluster: string;
  user: KubernetesUser;
  /** Whether `preferences: {}` is left out, as the newest client-go does. */
  omitPreferences: boolean;
}

/** One Kubernetes cluster, reached with a certificate that is routed to it. */
export interface KubernetesTarget extends KubernetesBase {
  kubeCluster: string;
  /** As {@link expandContextName} gives it. */
  contextName: string;
}

/** Many Kubernetes clusters, told apart by the path of their address; the first is the current one. */
export interface KubernetesV2Target extends KubernetesBase {
  clusters: {
    name: string;
    /** As {@link expandContextName} gives it. */
    contextName: string;
    namespace: string | undefined;
  }[];
}
