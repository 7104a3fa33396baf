import type { Secret } from "@bot-join/core";
import type { JoinMethod, KeyType } from "@bot-join/join";
import type { HostPort } from "@bot-join/transport";

/** Where the files of an output go; in memory means nowhere: they are made, checked and forgotten. */
export type PlannedDestination =
  | {
      kind: "directory";
      /** Absolute. */
      path: string;
      symlinks: "insecure" | "try-secure" | "secure";
    }
  | { kind: "memory" };

interface OutputBase {
  destination: PlannedDestination;
  /** Roles to ask for; empty means all that the bot may impersonate. */
  roles: string[];
  /** Lifetime to ask for; undefined means the join's own. */
  credentialTtlMs: number | undefined;
  /** What the user calls it. */
  name: string | undefined;
  /** Whether its key and certificate are written in that form as well. */
  pkcs12: { password: Secret } | undefined;
}

/** What a `kubernetes/v2` output wants: one cluster by its name, or all that have the labels. */
export type PlannedKubernetesSelector = ({ name: string } | { labels: Record<string, string> }) & {
  defaultNamespace?: string;
};

/** Which workload identity is wanted; labels must pick exactly one. */
export type PlannedWorkloadSelector = { name: string } | { labels: Record<string, string[]> };

/** One output: which certificate it wants and where its files go; types and settings as tbot has them (outputs.md section 1.2). */
export type PlannedOutput =
  | (OutputBase & {
      type: "identity";
      /** Leaf cluster; undefined means the bot's own. */
      cluster: string | undefined;
      allowReissue: boolean;
      /** Whether `ssh_config` and `known_hosts` are written. */
      sshConfig: boolean;
    })
  | (OutputBase & { type: "ssh_host"; principals: string[] })
  | (OutputBase & {
      type: "kubernetes";
      kubernetesCluster: string;
      disableExecPlugin: boolean;
      contextNameTemplate: string;
    })
  | (OutputBase & {
      type: "kubernetes/v2";
      selectors: PlannedKubernetesSelector[];
      disableExecPlugin: boolean;
      contextNameTemplate: string;
    })
  | (OutputBase & { type: "application"; appName: string; specificTlsNaming: boolean })
  | (OutputBase & {
      type: "database";
      service: string;
      database: string;
      username: string;
      format: "" | "tls" | "mongo" | "cockroach";
    })
  | (OutputBase & {
      type: "workload-identity-x509";
      selector: PlannedWorkloadSelector;
    })
  | (OutputBase & {
      type: "workload-identity-jwt";
      selector: PlannedWorkloadSelector;
      audiences: string[];
    });

/** What a join without any other wish writes. */
export type PlannedIdentityOutput = Extract<PlannedOutput, { type: "identity" }>;

/** One join, completed and checked: every default is filled in, nothing below asks again. */
export interface Plan {
  proxy: HostPort;
  /** Undefined only beside a `dataDirectory`. */
  token: Secret | undefined;
  joinMethod: JoinMethod;
  /** Audience to ask the platform for. */
  audience: string | undefined;
  idToken: Secret | undefined;
  idTokenFile: string | undefined;
  idTokenCommand: string | undefined;
  /** Variables that may hold the ID token, in order. */
  idTokenVariables: string[] | undefined;
  /** Name of this identity among those of the job. */
  id: string;
  /** At least one; the first is the one that is exported. */
  outputs: [PlannedOutput, ...PlannedOutput[]];
  /** Absolute folder of the bot's own identity; undefined: none is kept. */
  dataDirectory: string | undefined;
  certificateTtlMs: number;
  keyType: KeyType;
  exportEnv: boolean;
  expect: { cluster: string | undefined; bot: string | undefined; roles: string[] };
  caFile: string | undefined;
  caPins: string[];
  insecure: boolean;
  timeoutMs: number;
  /** Tries of each request in all, at least 1. */
  attempts: number;
  cleanup: boolean;
}
