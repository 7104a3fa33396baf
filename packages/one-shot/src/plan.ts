import type { Secret } from "@bot-join/core";
import type { JoinMethod, KeyType } from "@bot-join/join";
import type { HostPort } from "@bot-join/transport";

/** One output: which certificate it wants and where its files go. */
export interface PlannedOutput {
  /** Absolute folder. */
  directory: string;
  /** Roles to ask for; empty means all that the bot may impersonate. */
  roles: string[];
  /** Leaf cluster; undefined means the bot's own. */
  cluster: string | undefined;
  allowReissue: boolean;
  /** Whether `ssh_config` and `known_hosts` are written. */
  sshConfig: boolean;
}

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
