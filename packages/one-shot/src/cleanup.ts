import { describeError } from "@bot-join/core";
import { removeOutput, type WrittenOutput } from "@bot-join/outputs";
import type { Runner } from "@bot-join/runner";
import * as v from "valibot";
import type { Run } from "./context.ts";
import { type ExportedVariable, plannedVariables } from "./exported-variables.ts";

/** What the end of the job needs in order to take back what this run did, and nothing else. */
interface CleanupState {
  outputs: WrittenOutput[];
  variables: ExportedVariable[];
}

const stateName = "cleanup";

const stateSchema = v.object({
  outputs: v.array(
    v.object({
      directory: v.string(),
      device: v.string(),
      inode: v.string(),
      madeFolders: v.array(v.string()),
      files: v.array(v.string()),
    }),
  ),
  variables: v.array(v.object({ name: v.string(), set: v.string(), previous: v.optional(v.string()) })),
});

/** Notes what is about to be written and exported, unless the user wants to keep it. */
export function saveCleanup(run: Run, outputs: WrittenOutput[]): void {
  if (!run.plan.cleanup) return;
  const state: CleanupState = { outputs, variables: plannedVariables(run) };
  run.context.runner.saveState(stateName, JSON.stringify(state));
}

/**
 * Removes the files of a run and puts earlier values of its variables back. Never throws: whatever cannot be
 * taken back is a warning. A variable that somebody else has changed since is left alone.
 */
export async function cleanUp(runner: Runner): Promise<void> {
  try {
    const text = runner.getState(stateName);
    if (text === undefined) return;
    const state = v.parse(stateSchema, JSON.parse(text));
    const warnings: string[] = [];
    for (const output of state.outputs) warnings.push(...(await removeOutput(output)));
    for (const { name, set, previous } of state.variables) {
      if (runner.environment[name] === set) runner.exportVariable(name, previous ?? "");
    }
    for (const warning of warnings) runner.log.warn(warning);
    if (warnings.length === 0) {
      runner.log.info(
        `Removed ${state.outputs.map(({ directory }) => directory).join(", ")} and restored the variables.`,
      );
    }
  } catch (error) {
    runner.log.warn(`The identity of this job could not be cleaned up: ${describeError(error)}`);
  }
}
