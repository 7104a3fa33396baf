import { type InputDefinition, inputTable, outputTable } from "../packages/runner/src/index.ts";

/** Fills the tables of the README from the runner's tables; text outside of the markers stays as it is. */
export function fillReadmeTables(readme: string): string {
  return fill(fill(readme, "inputs", inputRows()), "outputs", outputRows());
}

function inputRows(): string[] {
  return [
    "| input | default | meaning |",
    "|---|---|---|",
    ...inputTable.map(
      (input) => `| \`${input.name}\` | ${cell(defaultOf(input))} | ${cell(meaningOf(input))} |`,
    ),
  ];
}

function outputRows(): string[] {
  return [
    "| output | meaning |",
    "|---|---|",
    ...outputTable.map(({ name, help }) => `| \`${name}\` | ${cell(help)} |`),
  ];
}

function defaultOf({ required, default: value, fallback }: InputDefinition): string {
  if (required) return "required";
  return value === undefined ? (fallback ?? "none") : `\`${value}\``;
}

function meaningOf({ help, choices, aliases, gitHubOnly, shellOnly }: InputDefinition): string {
  return [
    help,
    ...(choices === undefined ? [] : [`One of: ${choices.join(", ")}.`]),
    ...(aliases === undefined ? [] : [`Also accepted as \`${aliases.join("`, `")}\`.`]),
    ...(gitHubOnly ? ["Only in the action."] : []),
    ...(shellOnly ? ["Only on the command line."] : []),
  ].join(" ");
}

/** Keeps text such as `<ID>` from being taken for HTML, and a bar from ending the cell. */
function cell(text: string): string {
  return text.replaceAll("<", "&lt;").replaceAll("|", "\\|");
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. Throws when the markers are not there. */
function fill(text: string, name: string, lines: string[]): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${lines.join("\n")}\n\n${text.slice(to)}`;
}
