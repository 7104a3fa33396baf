import type { ExportFormat } from "../export-format.ts";
import type { RunnerEnvironment } from "../runner.ts";

/** What a CI system offers to a program that a shell step runs (platform-plugins.md sections 3 to 8). */
export interface ShellPlatform {
  /** As the ID tokens' platforms are named. */
  name: string;
  /** Folders that end with the job, the best first; what is not there or cannot be written to is passed over. */
  temporaryDirectories?(environment: RunnerEnvironment): (string | undefined)[];
  /** Variables that together tell this job from every other one on the machine. */
  jobKey: readonly string[];
  /** The variable that holds the path of the file from which later steps take variables, and the form of its lines. */
  exportFile?: { variable: string; format: ExportFormat };
  /** Writes the line that has the platform set a variable for later steps, where a line of the log does that. */
  exportCommand?(name: string, value: string): string;
  /** Writes the line that has the platform blank a text in its log; undefined for a text that it cannot blank. */
  maskCommand?(text: string): string | undefined;
}
