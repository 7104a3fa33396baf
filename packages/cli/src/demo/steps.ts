import { join } from "node:path";
import type { OwnProgram } from "../own-program.ts";

/** The steps of the GitHub action that the demo plays; each is the name of its bundle. */
export const demoSteps = ["join", "cleanup"] as const;

/** One of {@link demoSteps}. */
export type DemoStep = (typeof demoSteps)[number];

/** Whether a word names a step. */
export function isDemoStep(word: string | undefined): word is DemoStep {
  return demoSteps.some((step) => step === word);
}

/** What plays a step: how it is called in the story, and the command line. */
export interface StepCommand {
  name: string;
  program: string;
  args: string[];
}

/** Gives the command of a step: its bundle, or the executable once more. */
export function stepCommand(step: DemoStep, own: OwnProgram): StepCommand {
  return own.kind === "bundles"
    ? { name: `${step}.cjs`, program: own.node, args: [join(own.folder, `${step}.cjs`)] }
    : { name: `its ${step} step`, program: own.path, args: ["demo", "--step", step] };
}

/** Gives what starts `bot-join` itself, as a person types it. */
export function commandToType(own: OwnProgram): string {
  return own.kind === "bundles" ? `node ${join(own.folder, "bot-join.cjs")}` : own.path;
}
