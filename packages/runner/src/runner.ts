import type { Logger, Secret } from "@bot-join/core";
import type { RawInputs } from "./parse-inputs.ts";

/** The environment of this process. */
export type RunnerEnvironment = Readonly<Record<string, string | undefined>>;

/** One line of a summary: what, and its value. */
export type SummaryRow = readonly [name: string, value: string];

/** Gives what lies below the inputs of the user, which it is told, and above the variables of other programs. */
export type InputsBelow = (given: RawInputs) => RawInputs;

/** What the surroundings of a join offer: a GitHub job, an Azure DevOps job or a plain shell. */
export interface Runner {
  readonly name: "github" | "azure-devops" | "shell";
  readonly environment: RunnerEnvironment;
  readonly log: Logger;
  /** The inputs as texts; `below` adds those of a file. */
  inputs(below?: InputsBelow): RawInputs;
  /** Keeps a secret out of the log, line by line; to be called before the secret is used. */
  mask(secret: Secret): void;
  /** Hands a fact to later steps; never a secret. */
  setOutput(name: string, value: string): void;
  /** Sets a variable for later steps, where the surroundings can; an empty value stands for an unset variable. */
  exportVariable(name: string, value: string): void;
  /** Shows a table where the surroundings have a place for it; never fails. */
  summary(title: string, rows: readonly SummaryRow[]): Promise<void>;
  /** Keeps a text for the phase at the end of the job, where there is one. */
  saveState(name: string, value: string): void;
  getState(name: string): string | undefined;
  /** A folder that ends with the job, where the platform has one. */
  temporaryDirectory(): string;
  /** Reports an error, once, and has the process end with a status other than 0. */
  fail(error: unknown): void;
}
