import { tmpdir } from "node:os";
import { maskableParts } from "@bot-join/core";
import { exitStatus, failureText } from "./failure-text.ts";
import type { RawInputs } from "./parse-inputs.ts";
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
}

/** A {@link Runner} that also has to be told when the command has ended well. */
export interface ShellRunner extends Runner {
  /** Writes the outputs that were collected for `json`. */
  finish(): void;
}

/**
 * Makes the runner of a plain shell: the log goes to stderr without colours, outputs to stdout. A child process cannot
 * set variables of its shell and has no later phase, so exported variables and state are dropped.
 */
export function createShellRunner(options: ShellRunnerOptions): ShellRunner {
  const masked = new Set<string>();
  const outputs: Record<string, string> = {};
  const say = (text: string): void => {
    let clean = text;
    for (const part of masked) clean = clean.replaceAll(part, "***");
    process.stderr.write(`${clean}\n`);
  };
  return {
    name: "shell",
    environment: process.env,
    log: {
      debug: (message) => (options.debug ? say(message) : undefined),
      info: say,
      warn: (message) => say(`warning: ${message}`),
    },
    inputs: () => readShellInputs(process.env, options.flags),
    mask(secret) {
      for (const part of maskableParts(secret)) masked.add(part);
    },
    setOutput(name, value) {
      outputs[name] = value;
      // A line end inside a value would look like a further output.
      if (options.format === "text") process.stdout.write(`${name}=${value.replace(/[\r\n]+/g, " ")}\n`);
    },
    exportVariable: () => undefined,
    summary: async () => undefined,
    saveState: () => undefined,
    getState: () => undefined,
    temporaryDirectory: tmpdir,
    fail(error) {
      say(`error: ${failureText(error)}`);
      process.exitCode = exitStatus(error);
    },
    finish() {
      if (options.format === "json") process.stdout.write(`${JSON.stringify(outputs, undefined, 2)}\n`);
    },
  };
}
