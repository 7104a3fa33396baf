import { type InputDefinition, inputTable } from "./inputs.ts";
import { outputTable } from "./output-table.ts";

/** Writes the action's `action.yml` from the tables; `scripts/generate.ts` puts it at the root of the repository. */
export function renderActionYml(): string {
  return [
    "# Generated from packages/runner/src/inputs.ts and output-table.ts by `npm run generate`; change it there.",
    "name: bot-join",
    'description: "Joins a Teleport cluster with the job\'s own identity, without a download, and leaves files that ssh, tsh, tctl and Terraform understand."',
    "author: bot-join authors",
    "branding:",
    "  icon: key",
    "  color: purple",
    "",
    "inputs:",
    ...inputTable.filter(({ shellOnly }) => !shellOnly).flatMap(renderInput),
    "",
    "outputs:",
    ...outputTable.flatMap(({ name, help }) => [`  ${name}:`, `    description: ${quote(help)}`]),
    "",
    "runs:",
    "  using: node24",
    "  main: dist/join.cjs",
    "  post: dist/cleanup.cjs",
    "",
  ].join("\n");
}

/** An alias is an input of its own to GitHub. Defaults stay in the table: an absent value is what gets one. */
function renderInput(definition: InputDefinition): string[] {
  const aliases = definition.aliases ?? [];
  return [
    ...entry(definition.name, describeInput(definition), definition.required ?? false),
    ...aliases.flatMap((alias) => entry(alias, `The same as ${definition.name}.`, false)),
  ];
}

function entry(name: string, description: string, required: boolean): string[] {
  return [
    `  ${name}:`,
    `    description: ${quote(description)}`,
    ...(required ? ["    required: true"] : []),
  ];
}

/** Gives the help text of an input with its choices and its default, as `action.yml`, `--help` and the docs show it. */
export function describeInput({ help, choices, default: value, fallback }: InputDefinition): string {
  const allowed = choices === undefined ? "" : ` One of: ${choices.join(", ")}.`;
  const otherwise = value ?? fallback;
  return `${help}${allowed}${otherwise === undefined ? "" : ` Default: ${otherwise}.`}`;
}

/** A JSON string is a YAML string. */
function quote(text: string): string {
  return JSON.stringify(text);
}
