/** What every target has: its name and the labels that roles choose it by. */
interface Target {
  name: string;
  description?: string;
  labels: Record<string, string>;
}

/** How an API server of Kubernetes is reached, as the current context of a kubeconfig says. */
export interface KubeAccess {
  /** `https://host:port` or `http://host:port`. */
  server: string;
  /** PEM of the authority of the server's certificate; absent: the system's. */
  authorityPem?: string;
  /** The name in the server's certificate, where it is not the host's. */
  serverName?: string;
  insecureSkipVerify: boolean;
  token?: string;
  /** PEM, both or neither. */
  clientCertificatePem?: string;
  clientKeyPem?: string;
}

/** A registered Kubernetes cluster, `kind: kube_cluster`. */
export interface KubeClusterResource extends Target {
  kind: "kube_cluster";
  version: "v3";
  /** The kubeconfig's text. Absent: the cluster is known, and cannot be reached. */
  kubeconfig?: string;
  /** What {@link kubeconfig} says. */
  access?: KubeAccess;
}

/** An application, `kind: app`. */
export interface AppResource extends Target {
  kind: "app";
  version: "v3";
  /** Where it is: `http://`, `https://` or `tcp://`. */
  uri: string;
  /** Host name under which the proxy serves it. Absent: its name before the proxy's own. */
  publicAddr?: string;
  insecureSkipVerify: boolean;
}

/** A database, `kind: db`. */
export interface DatabaseResource extends Target {
  kind: "db";
  version: "v3";
  protocol: string;
  /** Where it is: host:port, with a scheme or without. */
  uri: string;
  tls: {
    mode: "verify-full" | "verify-ca" | "insecure";
    /** PEM of the authority of its certificate; empty: the cluster's `db` authority. */
    caCert: string;
    /** The name in its certificate; empty: the host's. */
    serverName: string;
  };
}

/** A machine of a leaf cluster. */
export interface LeafNode {
  hostname: string;
  /** host:port of its sshd. */
  addr: string;
}

/** A leaf cluster, `kind: remote_cluster`. */
export interface RemoteClusterResource extends Target {
  kind: "remote_cluster";
  version: "v3";
  /** Its machines, which a real root cluster asks the leaf for. */
  nodes: LeafNode[];
}

/** One condition of a rule of a workload identity: an attribute and what it is compared with. */
export interface WorkloadCondition {
  /** As `join.github.repository`. */
  attribute: string;
  operator: "eq" | "not_eq" | "in" | "not_in";
  values: string[];
}

/** What a workload may be, `kind: workload_identity`. */
export interface WorkloadIdentityResource extends Target {
  kind: "workload_identity";
  version: "v1";
  /** The conditions of each rule; one rule must hold if there are any. */
  allow: WorkloadCondition[][];
  spiffe: {
    /** The path of the SPIFFE ID, as `/ci/{{ join.github.repository }}`. */
    id: string;
    hint: string;
    dnsSans: string[];
    /** Milliseconds; absent: the server's own limit. */
    x509MaxTtlMs?: number;
    jwtMaxTtlMs?: number;
  };
}

/** What can be reached, or been, through a cluster. */
export type TargetResource =
  | KubeClusterResource
  | AppResource
  | DatabaseResource
  | RemoteClusterResource
  | WorkloadIdentityResource;
