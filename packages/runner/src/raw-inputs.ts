import { azureName } from "./azure-names.ts";
import { isExportedName } from "./export-names.ts";
import { exclusiveInputs, findInput, type InputDefinition, inputTable, nearestInputName } from "./inputs.ts";
import type { RawInputs } from "./parse-inputs.ts";
import type { InputsBelow, RunnerEnvironment } from "./runner.ts";

const nothingBelow: InputsBelow = () => ({});

/**
 * Collects the inputs that GitHub's runner passes as `INPUT_<NAME>` (hyphens kept), and below them those of
 * `BOT_JOIN_<NAME>`. `TELEPORT_PROXY` and its like are not read: an earlier join of the same job set them. What exists
 * only for the command line is left out.
 */
export function readGitHubInputs(
  environment: RunnerEnvironment,
  below: InputsBelow = nothingBelow,
): RawInputs {
  const inputs: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (variable.startsWith("INPUT_") && isFilled(value)) {
      inputs[variable.slice("INPUT_".length).toLowerCase()] = value;
    }
  }
  const all = Object.entries(underlay(inputs, readVariables(environment)));
  const given = Object.fromEntries(all.filter(([name]) => !findInput(name)?.shellOnly));
  return underlay(given, below(given));
}

/**
 * Collects the inputs of an Azure DevOps task, `INPUT_<NAME>` without hyphens, and below them those of `BOT_JOIN_<NAME>`.
 */
export function readAzureInputs(
  environment: RunnerEnvironment,
  below: InputsBelow = nothingBelow,
): RawInputs {
  const inputs: Record<string, string> = {};
  for (const { name } of inputTable.filter(isTaskInput)) {
    const value = environment[`INPUT_${azureName(name).toUpperCase()}`];
    if (isFilled(value)) inputs[name] = value;
  }
  const own = Object.entries(readVariables(environment)).filter(([name]) => {
    const definition = findInput(name);
    return definition === undefined || isTaskInput(definition);
  });
  const given = underlay(inputs, Object.fromEntries(own));
  return underlay(given, below(given));
}

/** What a task of Azure DevOps has: neither the aliases of GitHub's other actions nor what is the command line's. */
export function isTaskInput({ gitHubOnly, shellOnly }: InputDefinition): boolean {
  return gitHubOnly !== true && shellOnly !== true;
}

/**
 * Collects the inputs of a command line: flags, below them `BOT_JOIN_<NAME>`, then those of a file, and below all the
 * variables that tbot reads (outputs.md sections 10.1 and 10.2), which an earlier join of the job may have set. What exists only
 * for GitHub's sake is left out.
 */
export function readShellInputs(
  environment: RunnerEnvironment,
  flags: RawInputs,
  below: InputsBelow = nothingBelow,
): RawInputs {
  const foreign: Record<string, string> = {};
  for (const { name, shellVariables = [] } of inputTable) {
    const value = shellVariables.map((variable) => environment[variable]).find(isFilled);
    if (value !== undefined) foreign[name] = value;
  }
  const own = Object.entries(readVariables(environment)).filter(([name]) => !findInput(name)?.gitHubOnly);
  const given = underlay(flags, Object.fromEntries(own));
  return underlay(underlay(given, below(given)), foreign);
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

/** Adds the inputs that the upper layer does not give under any of their names, nor says in another way. */
function underlay(upper: RawInputs, lower: RawInputs): RawInputs {
  const said = new Set(
    Object.keys(upper)
      .filter((name) => isFilled(upper[name]))
      .map(subject),
  );
  const added = Object.entries(lower).filter(([name]) => !said.has(subject(name)));
  return { ...upper, ...Object.fromEntries(added) };
}

/** What an input is about: its name in the table, or the first of those that say the same thing. */
function subject(alias: string): string {
  const name = findInput(alias)?.name ?? alias;
  const group = exclusiveInputs.find(({ names, sayOneThing }) => sayOneThing && names.includes(name));
  return group?.names[0] ?? name;
}

function isFilled(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== "";
}
