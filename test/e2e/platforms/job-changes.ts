import type { RunOptions } from "../../support/run-bundle.ts";

/** What is different from a good job, to see that a bad one does no harm. */
export interface JobChanges {
  /** The ID token instead of a good one; null takes it away. */
  idToken?: string | null;
  /** Variables of the job that differ; undefined takes one away. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Instead of the cluster's proxy. */
  proxy?: string;
  /** Called with every process of the job. */
  onStepStart?: RunOptions["onStart"];
}

/** Applies changes to the variables of a job. */
export function changedEnvironment(
  environment: Readonly<Record<string, string>>,
  changes: JobChanges,
): Record<string, string> {
  const all = { ...environment, ...changes.environment };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** The option for a player that starts processes. */
export function stepStart({ onStepStart }: JobChanges): { onStepStart?: NonNullable<RunOptions["onStart"]> } {
  return onStepStart === undefined ? {} : { onStepStart };
}
