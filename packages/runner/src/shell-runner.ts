import { resolve } from "node:path";
import { maskableParts } from "@bot-join/core";
import { defuseCommands } from "./defuse.ts";
import { ExportFile } from "./export-file.ts";
import type { ExportEntry } from "./export-format.ts";
import { exitStatus, failureText } from "./failure-text.ts";
import { jobFolder, temporaryDirectory } from "./job-folder.ts";
import { JobState } from "./job-state.ts";
import type { RawInputs } from "./parse-inputs.ts";
import type { ShellPlatform } from "./platforms/shell-platform.ts";
import { shellPlatforms } from "./platforms/shell-platforms.ts";
import { readShellInputs } from "./raw-inputs.ts";
import type { Runner } from "./runner.ts";

/** What the command line says of input and output. */
export interface ShellRunnerOptions {
  /** The flags of the command line, by input name. */
  flags: RawInputs;
  /** `text` writes `name=value` as soon as an output is known, `json` one object when the command has ended well. */
  format: "text" | "json";
  /** Whether debug lines are shown. */
  debug: boolean;
  /** The CI system, as the ID tokens' platforms are named; undefined where none is known. */
  platform?: string | undefined;
}

/** A {@link Runner} that also has to be told when the command begins and when it has ended well. */
export interface ShellRunner extends Runner {
  /** What the joins of this job have kept for the clean-up. */
  readonly job: JobState;
  /** Checks, before anything else is done, that variables can be exported. Throws `ERR_EXPORT_FILE`. */
  prepare(): void;
  /** Writes the variables, and the outputs that were collected for `json`. Throws `ERR_EXPORT_FILE` or `ERR_EXPORT_VALUE`. */
  finish(): void;
}

/** Names the file through which `actions/shell/bot-join.sh` takes variables into the shell that has called it. */
const callerVariable = "BOT_JOIN_CALLER_EXPORTS";

/**
 * Makes the runner of a plain shell: the log goes to stderr without colours, outputs to stdout, exported variables to a file,
 * since a child process cannot set those of its shell, and the state for the clean-up to a folder of the job.
 */
export function createShellRunner(options: ShellRunnerOptions): ShellRunner {
  const environment: Record<string, string | undefined> = { ...process.env };
  const inputs = readShellInputs(process.env, options.flags);
  const platform = shellPlatforms.find(({ name }) => name === options.platform);
  const workingDirectory = process.cwd();
  const stateDirectory = inputs["state-dir"]?.trim() || jobFolder(platform, environment, workingDirectory);
  const job = new JobState(resolve(workingDirectory, stateDirectory));
  const exportFiles = exportFilesOf(platform, inputs, environment);
  const masked = new Set<string>();
  const outputs: Record<string, string> = {};
  const exported = new Map<string, string>();

  const say = (text: string): void => {
    let clean = text;
    for (const part of masked) clean = clean.replaceAll(part, "***");
    process.stderr.write(`${defuseCommands(clean)}\n`);
  };
  return {
    name: "shell",
    environment,
    job,
    log: {
      debug: (message) => (options.debug ? say(message) : undefined),
      info: say,
      warn: (message) => say(`warning: ${message}`),
    },
    inputs: (below) => (below === undefined ? inputs : readShellInputs(environment, options.flags, below)),
    mask(secret) {
      for (const part of maskableParts(secret)) {
        if (masked.has(part)) continue;
        masked.add(part);
        // Standard output with JSON is read by a program, which is not to find anything else there.
        const command = options.format === "text" ? platform?.maskCommand?.(part) : undefined;
        if (command !== undefined) process.stdout.write(`${command}\n`);
      }
    },
    setOutput(name, value) {
      outputs[name] = value;
      // A line end inside a value would look like a further output.
      const line = defuseCommands(value).replaceAll("\n", " ");
      if (options.format === "text") process.stdout.write(`${name}=${line}\n`);
    },
    exportVariable(name, value) {
      environment[name] = value === "" ? undefined : value;
      exported.set(name, value);
    },
    summary: async () => undefined,
    saveState: (name, value) => job.save(inputs["id"]?.trim() || "default", name, value),
    getState: (name) => job.get(name),
    temporaryDirectory: () => temporaryDirectory(platform, environment),
    fail(error) {
      say(`error: ${failureText(error)}`);
      process.exitCode = exitStatus(error);
      job.drop();
      for (const file of exportFiles) file.discard();
    },
    prepare() {
      for (const file of exportFiles) file.prepare();
    },
    finish() {
      const entries: ExportEntry[] = [...exported];
      for (const file of exportFiles) file.append(entries);
      job.settle();
      for (const [name, value] of options.format === "text" ? entries : []) {
        const command = platform?.exportCommand?.(name, value);
        if (command !== undefined) process.stdout.write(`${command}\n`);
      }
      if (options.format === "json") process.stdout.write(`${jsonWithoutCommands(outputs)}\n`);
    },
  };
}

/** The files that variables are exported to: that of the user or the platform, and the one of the calling shell. */
function exportFilesOf(
  platform: ShellPlatform | undefined,
  inputs: RawInputs,
  environment: Runner["environment"],
): ExportFile[] {
  const usual = platform?.exportFile === undefined ? undefined : environment[platform.exportFile.variable];
  const path = inputs["export-file"]?.trim() || usual;
  const form = inputs["export-format"]?.trim() || (path === usual ? platform?.exportFile?.format : undefined);
  const caller = environment[callerVariable];
  return [
    ...(path ? [new ExportFile(resolve(path), form === "dotenv" ? "dotenv" : "sh")] : []),
    ...(caller ? [new ExportFile(caller, "sh")] : []),
  ];
}

/** JSON in which no value looks like a command of a CI system, and means the same to whoever parses it. */
function jsonWithoutCommands(outputs: Readonly<Record<string, string>>): string {
  return JSON.stringify(outputs, undefined, 2)
    .replaceAll("##", "#\\u0023")
    .replaceAll("::", ":\\u003a")
    .replace(/(section_(?:start|end)):/gi, "$1\\u003a");
}
