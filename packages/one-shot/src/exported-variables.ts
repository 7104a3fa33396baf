import { join } from "node:path";
import { exportNames } from "@bot-join/runner";
import { formatHostPort } from "@bot-join/transport";
import type { Run } from "./context.ts";

/** A variable that a run exports, and what it was before. */
export interface ExportedVariable {
  name: string;
  set: string;
  /** Undefined: it was not set. */
  previous?: string | undefined;
}

/** The variables that this run sets for later steps, with what they were before; none when the user wants none. */
export function plannedVariables({ plan, context }: Run): ExportedVariable[] {
  if (!plan.exportEnv) return [];
  const names = exportNames(plan.id);
  const [output] = plan.outputs;
  const proxy = formatHostPort(plan.proxy);
  const values: [string | undefined, string][] = [
    [names.identityFile, join(output.directory, "identity")],
    [names.proxy, proxy],
    [names.authServer, proxy],
    ...(output.sshConfig
      ? ([[names.sshConfig, join(output.directory, "ssh_config")]] as [string, string][])
      : []),
  ];
  return values.flatMap(([name, set]) =>
    name === undefined ? [] : [{ name, set, previous: context.runner.environment[name] }],
  );
}
