import { join } from "node:path";
import { exportNames } from "@bot-join/runner";
import { formatHostPort } from "@bot-join/transport";
import type { Run } from "./context.ts";
import type { Plan, PlannedOutput } from "./plan.ts";

/** A variable that a run exports, and what it was before. */
export interface ExportedVariable {
  name: string;
  set: string;
  /** Undefined: it was not set. */
  previous?: string | undefined;
}

/**
 * The variables that this run sets for later steps, with what they were before; none when the user wants none. They name the
 * first identity and the first kubeconfig that are written.
 */
export function plannedVariables({ plan, context }: Run): ExportedVariable[] {
  if (!plan.exportEnv) return [];
  const names = exportNames(plan.id);
  const values: [name: string | undefined, set: string][] = [];
  const identity = firstDirectory(plan, ({ type }) => type === "identity");
  if (identity !== undefined) {
    const proxy = formatHostPort(plan.proxy);
    values.push([names.identityFile, join(identity, "identity")]);
    values.push([names.proxy, proxy], [names.authServer, proxy]);
  }
  const ssh = firstDirectory(plan, (output) => output.type === "identity" && output.sshConfig);
  if (ssh !== undefined) values.push([names.sshConfig, join(ssh, "ssh_config")]);
  const kubernetes = firstDirectory(plan, ({ type }) => type.startsWith("kubernetes"));
  if (kubernetes !== undefined) values.push([names.kubeconfig, join(kubernetes, "kubeconfig.yaml")]);
  return values.flatMap(([name, set]) =>
    name === undefined ? [] : [{ name, set, previous: context.runner.environment[name] }],
  );
}

function firstDirectory(plan: Plan, isWanted: (output: PlannedOutput) => boolean): string | undefined {
  for (const output of plan.outputs) {
    if (isWanted(output) && output.destination.kind === "directory") return output.destination.path;
  }
  return undefined;
}
