import { type DropIn, isCommonInput } from "./drop-ins.ts";
import { type InputDefinition, inputTable } from "./inputs.ts";
import { outputTable } from "./output-table.ts";

/** What tells one `action.yml` from another. */
interface ActionFile {
  /** The tables beside output-table.ts that it comes from. */
  from: string;
  name: string;
  description: string;
  inputs: string[];
  outputs: readonly { name: string; help: string }[];
  /** Of the bundles, from the folder of the file. */
  dist: string;
  main: string;
}

const rootInputs: readonly InputDefinition[] = inputTable.filter(({ shellOnly }) => !shellOnly);

/** Writes the action's `action.yml` from the tables; `scripts/generate.ts` puts it at the root of the repository. */
export function renderActionYml(): string {
  return render({
    from: "packages/runner/src/inputs.ts",
    name: "bot-join",
    description:
      "Joins a Teleport cluster with the job's own identity, without a download, and leaves files that ssh, kubectl, psql, tsh, tctl and Terraform understand.",
    inputs: rootInputs.flatMap(renderInput),
    outputs: outputTable,
    dist: "dist",
    main: "join.cjs",
  });
}

/** Writes the `action.yml` of a drop-in action, which lies in its folder of actions/github. */
export function renderDropInYml({ name, description, inputs, outputs }: DropIn): string {
  const row = (wanted: string): { name: string; help: string } => {
    const found = outputTable.find((output) => output.name === wanted);
    if (found === undefined) throw new TypeError(`there is no output ${wanted}`);
    return found;
  };
  const needed = rootInputs.filter(({ required }) => required);
  const further = rootInputs.filter((input) => !input.required && isCommonInput(input));
  return render({
    from: "packages/runner/src/drop-ins.ts, inputs.ts",
    name: `bot-join ${name}`,
    description,
    inputs: [
      ...needed.flatMap(renderNeededInput),
      ...inputs.flatMap((input) =>
        input.required ? renderNeededInput(input) : renderInput({ ...input, kind: "string" }),
      ),
      ...further.flatMap(renderInput),
    ],
    outputs: [...outputs.map(row), ...outputTable.filter((output) => isCommonOutput(output.name, outputs))],
    dist: "../../../dist",
    main: `${name}.cjs`,
  });
}

/** Facts about the join, which every action has; paths are those that the action's own output has. */
function isCommonOutput(name: string, own: readonly string[]): boolean {
  const paths = ["ssh-config", "known-hosts", "kubeconfig", "certificate-file", "key-file"];
  return !own.includes(name) && !paths.includes(name);
}

function render({ from, name, description, inputs, outputs, dist, main }: ActionFile): string {
  return [
    `# Generated from ${from} and output-table.ts by \`npm run generate\`; change it there.`,
    `name: ${name}`,
    `description: ${quote(description)}`,
    "author: bot-join authors",
    "branding:",
    "  icon: key",
    "  color: purple",
    "",
    "inputs:",
    ...inputs,
    "",
    "outputs:",
    ...outputs.flatMap((output) => [`  ${output.name}:`, `    description: ${quote(output.help)}`]),
    "",
    "runs:",
    "  using: node24",
    `  main: ${dist}/${main}`,
    `  post: ${dist}/cleanup.cjs`,
    "",
  ].join("\n");
}

/** An alias is an input of its own to GitHub. Defaults stay in the table: an absent value is what gets one. */
function renderInput(definition: InputDefinition): string[] {
  const aliases = definition.aliases ?? [];
  return [
    ...entry(definition.name, describeInput(definition), false),
    ...aliases.flatMap((alias) => entry(alias, `The same as ${definition.name}.`, false)),
  ];
}

/** What a drop-in action cannot do without: it has no tbot.yaml that could hold it. */
function renderNeededInput({ name, help }: Pick<InputDefinition, "name" | "help">): string[] {
  return entry(name, help, true);
}

function entry(name: string, description: string, required: boolean): string[] {
  return [
    `  ${name}:`,
    `    description: ${quote(description)}`,
    ...(required ? ["    required: true"] : []),
  ];
}

/** Gives the help text of an input with its choices and its default, as `action.yml`, `--help` and the docs show it. */
export function describeInput({
  help,
  choices,
  default: value,
  fallback,
  required,
}: InputDefinition): string {
  const allowed = choices === undefined ? "" : ` One of: ${choices.join(", ")}.`;
  const otherwise = value ?? fallback;
  const needed = required ? " Required, unless config has it." : "";
  return `${help}${allowed}${needed}${otherwise === undefined ? "" : ` Default: ${otherwise}.`}`;
}

/** A JSON string is a YAML string. */
function quote(text: string): string {
  return JSON.stringify(text);
}
