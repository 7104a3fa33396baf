import { isExportedName } from "./export-names.ts";
import { findInput, inputTable, nearestInputName } from "./inputs.ts";
import type { RawInputs } from "./parse-inputs.ts";
import type { RunnerEnvironment } from "./runner.ts";

/**
 * Collects the inputs that GitHub's runner passes as `INPUT_<NAME>` (hyphens kept), and below them those of
 * `BOT_JOIN_<NAME>`. `TELEPORT_PROXY` and its like are not read: an earlier join of the same job set them. What exists
 * only for the command line is left out.
 */
export function readGitHubInputs(environment: RunnerEnvironment): RawInputs {
  const inputs: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (variable.startsWith("INPUT_") && isFilled(value)) {
      inputs[variable.slice("INPUT_".length).toLowerCase()] = value;
    }
  }
  const all = Object.entries(underlay(inputs, readVariables(environment)));
  return Object.fromEntries(all.filter(([name]) => !findInput(name)?.shellOnly));
}

/**
 * Collects the inputs of a command line: flags, below them `BOT_JOIN_<NAME>`, and below those the variables that tbot
 * reads (outputs.md section 10.2). What exists only for GitHub's sake is left out.
 */
export function readShellInputs(environment: RunnerEnvironment, flags: RawInputs): RawInputs {
  const foreign: Record<string, string> = {};
  for (const { name, shellVariables = [] } of inputTable) {
    const value = shellVariables.map((variable) => environment[variable]).find(isFilled);
    if (value !== undefined) foreign[name] = value;
  }
  const own = Object.entries(readVariables(environment)).filter(([name]) => !findInput(name)?.gitHubOnly);
  return underlay(underlay(flags, Object.fromEntries(own)), foreign);
}

/** Takes what names an input or nearly does; other programs may have variables with our prefix. */
function readVariables(environment: RunnerEnvironment): RawInputs {
  const inputs: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith("BOT_JOIN_") || isExportedName(variable) || !isFilled(value)) continue;
    const name = variable.slice("BOT_JOIN_".length).toLowerCase().replaceAll("_", "-");
    if (findInput(name) !== undefined || nearestInputName(name) !== undefined) inputs[name] = value;
  }
  return inputs;
}

/** Adds the inputs that the upper layer does not give under any of their names. */
function underlay(upper: RawInputs, lower: RawInputs): RawInputs {
  const given = new Set(
    Object.keys(upper)
      .filter((name) => isFilled(upper[name]))
      .map(canonicalName),
  );
  const added = Object.entries(lower).filter(([name]) => !given.has(canonicalName(name)));
  return { ...upper, ...Object.fromEntries(added) };
}

function canonicalName(name: string): string {
  return findInput(name)?.name ?? name;
}

function isFilled(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== "";
}
