import type { PlannedOutput } from "./plan.ts";
import { directoryOf } from "./plan-paths.ts";

/** What an output is called where there are several: by type, and by its name or its place. */
export function outputLabel(output: PlannedOutput): string {
  const { name, type } = output;
  if (name !== undefined) return `the ${type} output ${name}`;
  return `the ${type} output in ${directoryOf(output) ?? "memory"}`;
}
