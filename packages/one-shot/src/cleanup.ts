import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "@bot-join/core";
import { removeOutput, type WrittenOutput } from "@bot-join/outputs";
import type { Runner } from "@bot-join/runner";
import * as v from "valibot";
import type { Run } from "./context.ts";
import { type ExportedVariable, plannedVariables } from "./exported-variables.ts";

/** What the end of the job needs in order to take back what this run did, and nothing else. */
interface CleanupState {
  /** In the order in which their folders were made. */
  outputs: WrittenOutput[];
  variables: ExportedVariable[];
}

/** The part of a {@link Runner} that taking back needs. */
type CleanupRunner = Pick<Runner, "environment" | "exportVariable" | "getState" | "log">;

const stateName = "cleanup";

const stateSchema = v.object({
  outputs: v.array(
    v.object({
      directory: v.string(),
      device: v.string(),
      inode: v.string(),
      madeFolders: v.array(v.string()),
      files: v.array(v.string()),
      followsLinks: v.exactOptional(v.boolean()),
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
export async function cleanUp(runner: CleanupRunner): Promise<void> {
  try {
    const text = runner.getState(stateName);
    if (text === undefined) return;
    const state = v.parse(stateSchema, JSON.parse(text));
    const removed: string[] = [];
    const warnings: string[] = [];
    for (const output of state.outputs.toReversed()) {
      const before = await existingPaths(output);
      warnings.push(...(await removeOutput(output)));
      removed.unshift(...describeRemoved(output, before, await existingPaths(output)));
    }
    const restored = state.variables.filter(({ name, set }) => runner.environment[name] === set);
    for (const { name, previous } of restored) runner.exportVariable(name, previous ?? "");
    for (const warning of warnings) runner.log.warn(warning);
    if (warnings.length > 0) return;
    const folders = state.outputs.map(({ directory }) => directory).join(", ");
    const what =
      removed.length > 0 ? `Removed ${removed.join(", ")}` : `There was nothing left to remove in ${folders}`;
    runner.log.info(restored.length > 0 ? `${what} and restored the variables.` : `${what}.`);
  } catch (error) {
    runner.log.warn(`The identity of this job could not be cleaned up: ${describeError(error)}`);
  }
}

/** Gives the folder and the files of an output that are there. */
async function existingPaths({ directory, files }: WrittenOutput): Promise<Set<string>> {
  const found = await Promise.all(
    [directory, ...files.map((file) => join(directory, file))].map((path) =>
      lstat(path).then(
        () => [path],
        () => [],
      ),
    ),
  );
  return new Set(found.flat());
}

/** Tells, as part of a sentence, what was there before and is gone now. */
function describeRemoved({ directory }: WrittenOutput, before: Set<string>, after: Set<string>): string[] {
  const gone = [...before].filter((path) => !after.has(path));
  if (gone.length === 0) return [];
  if (gone.includes(directory)) return [directory];
  return [`${gone.length} ${gone.length === 1 ? "file" : "files"} from ${directory}`];
}
