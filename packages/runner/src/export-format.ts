import { RunnerError } from "./errors.ts";

/** How a variable is written: `sh` as `export NAME='value'`, to be sourced, `dotenv` as `NAME=value`. */
export type ExportFormat = "sh" | "dotenv";

/** A variable for later steps; an empty value stands for an unset one. */
export type ExportEntry = readonly [name: string, value: string];

/**
 * Writes variables as lines of a file for later steps. Nothing in a value is ever expanded or ends its line. Throws
 * `ERR_EXPORT_VALUE` for what `dotenv` cannot say: a line end, or `'` beside a sign that double quotes do not protect.
 */
export function renderExportLines(entries: readonly ExportEntry[], format: ExportFormat): string {
  return entries.map((entry) => `${lineOf[format](entry)}\n`).join("");
}

const lineOf: Readonly<Record<ExportFormat, (entry: ExportEntry) => string>> = {
  sh: ([name, value]) =>
    value === "" ? `unset ${name}` : `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  dotenv: ([name, value]) => `${name}=${quoteDotenv(name, value)}`,
};

/** Some readers of dotenv files source them, others take quotes away: what is written here is the same to all of them. */
function quoteDotenv(name: string, value: string): string {
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  if (!/['\r\n]/.test(value)) return `'${value}'`;
  if (!/["\\$`!\r\n]/.test(value)) return `"${value}"`;
  throw new RunnerError({
    code: "ERR_EXPORT_VALUE",
    kind: "user",
    message: `The value of ${name} cannot be written as a line of a dotenv file: ${JSON.stringify(value)}.`,
    hint: "Choose a directory without line ends and quotes in its path, or set export-format: sh.",
  });
}
