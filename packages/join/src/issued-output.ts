import type { Secret } from "@bot-join/core";
import type { OutputCertificates } from "./rpc-answers.ts";

interface IssuedBase {
  /** Roles it was issued with. */
  roles: string[];
  notAfter: Date;
}

interface WithCertificates extends IssuedBase {
  certificates: OutputCertificates;
}

/** What the cluster issued for one output. */
export type IssuedOutput =
  | (WithCertificates & { type: "identity" })
  | (WithCertificates & {
      type: "kubernetes";
      /** The cluster's own name, which may differ from the one asked for. */
      kubernetesCluster: string;
    })
  | (WithCertificates & {
      type: "kubernetes/v2";
      /** In the order of the selectors, each once; at least one. */
      kubernetesClusters: { name: string; defaultNamespace: string | undefined }[];
      /** Of the selectors by labels, those that no cluster has. */
      unmatchedLabels: Record<string, string>[];
    })
  | (WithCertificates & { type: "application" })
  | (WithCertificates & {
      type: "database";
      /** Such as `postgres`. */
      protocol: string;
    })
  | (IssuedBase & {
      type: "ssh_host";
      privateKeyPem: Secret;
      /** authorized_keys line as the server returned it. */
      sshCertificate: string;
    })
  | (IssuedBase & {
      type: "workload-identity-x509";
      /** PKCS#8. */
      privateKeyPem: Secret;
      /** PEM, the leaf first. */
      certificateChainPem: string[];
      spiffeId: string;
    })
  | (IssuedBase & { type: "workload-identity-jwt"; jwt: Secret; spiffeId: string });

/** What was issued for an output of one type. */
export type IssuedOutputOf<Type extends IssuedOutput["type"]> = Extract<IssuedOutput, { type: Type }>;
