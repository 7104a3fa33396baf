import { join } from "node:path";
import { exportNames } from "@bot-join/runner";
import { formatHostPort } from "@bot-join/transport";
import type { Run } from "./context.ts";
import { directoryOf, planPaths } from "./plan-paths.ts";

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
  // An identity that is routed to an application or the like is not what tsh and tctl shall be.
  const identity = plan.outputs
    .filter(({ type }) => type === "identity")
    .map(directoryOf)
    .find((directory) => directory !== undefined);
  if (identity !== undefined) {
    const proxy = formatHostPort(plan.proxy);
    values.push([names.identityFile, join(identity, "identity")]);
    values.push([names.proxy, proxy], [names.authServer, proxy]);
  }
  const { sshConfig, kubeconfig } = planPaths(plan);
  if (sshConfig !== undefined) values.push([names.sshConfig, sshConfig]);
  if (kubeconfig !== undefined) values.push([names.kubeconfig, kubeconfig]);
  return values.flatMap(([name, set]) =>
    name === undefined ? [] : [{ name, set, previous: context.runner.environment[name] }],
  );
}
