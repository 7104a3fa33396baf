/** Columns are never padded beyond this many characters; a longer text moves what is right of it. */
const maxColumnWidth = 100;

/** How a table looks. */
export interface TableStyle {
  /** What stands before each line. Default nothing. */
  indent?: string;
  /** Whether a line of dashes follows the headings, as tctl has it. Default false. */
  underline?: boolean;
}

/**
 * Writes rows under headings, columns aligned, nothing padded at the end of a line. What could steer a terminal or make
 * a text look like another one is escaped.
 */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { indent = "", underline = false }: TableStyle = {},
): string {
  const lines = [headings, ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, column) =>
    lines.reduce((width, line) => Math.max(width, Math.min(line[column]?.length ?? 0, maxColumnWidth)), 0),
  );
  if (underline)
    lines.splice(
      1,
      0,
      widths.map((width) => "-".repeat(width)),
    );
  return lines
    .map((line) => `${indent}${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** Writes a text on one line: white space becomes spaces, other control and direction signs are escaped. */
export function printable(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(
      /[\p{Cc}\p{Cf}\p{Cs}]/gu,
      (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}}`,
    );
}
