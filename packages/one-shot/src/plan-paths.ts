import { join } from "node:path";
import type { Plan, PlannedOutput } from "./plan.ts";

/** Where later steps find what a plan writes; undefined for what it does not write. */
export interface PlanPaths {
  directory: string | undefined;
  identityFile: string | undefined;
  sshConfig: string | undefined;
  knownHosts: string | undefined;
  kubeconfig: string | undefined;
  certificateFile: string | undefined;
  keyFile: string | undefined;
}

/** Types whose output holds no Teleport identity (outputs.md section 1.3). */
const withoutIdentity: readonly PlannedOutput["type"][] = [
  "ssh_host",
  "workload-identity-x509",
  "workload-identity-jwt",
];

/** Whose certificate a client is given: of an application or a database before others. */
const withCertificate: ((output: PlannedOutput) => boolean)[] = [
  ({ type }) => type === "application" || type === "database",
  ({ type }) => type === "identity",
  ({ type }) => !withoutIdentity.includes(type),
];

/** The folder of an output; undefined for one that stays in memory. */
export function directoryOf({ destination }: PlannedOutput): string | undefined {
  return destination.kind === "directory" ? destination.path : undefined;
}

/** Whether `ssh_config` and `known_hosts` are written: they name the folder that they lie in. */
export function hasSshConfig(output: PlannedOutput): boolean {
  return output.type === "identity" && output.sshConfig && output.destination.kind === "directory";
}

/** Tells what of a plan is handed to later steps: of each file the first output's that writes one, `identity` outputs before others. */
export function planPaths({ outputs }: Plan): PlanPaths {
  const first = (name: string, ...wanted: ((output: PlannedOutput) => boolean)[]): string | undefined => {
    const written = outputs.filter(({ destination }) => destination.kind === "directory");
    const output = wanted.map((test) => written.find(test)).find((found) => found !== undefined);
    const directory = output === undefined ? undefined : directoryOf(output);
    return directory === undefined ? undefined : join(directory, name);
  };
  return {
    directory: first(".", () => true),
    identityFile: first(
      "identity",
      ({ type }) => type === "identity",
      ({ type }) => !withoutIdentity.includes(type),
    ),
    sshConfig: first("ssh_config", hasSshConfig),
    knownHosts: first("known_hosts", hasSshConfig),
    certificateFile: first("tlscert", ...withCertificate),
    keyFile: first("key", ...withCertificate),
    kubeconfig: first("kubeconfig.yaml", ({ type }) => type === "kubernetes" || type === "kubernetes/v2"),
  };
}
