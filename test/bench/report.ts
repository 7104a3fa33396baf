/** The middle one of several values; of an even number of them the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** Writes milliseconds: whole ones, small values with a decimal. */
export function ms(value: number): string {
  return `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} ms`;
}

/** Writes the median of some milliseconds with the smallest and the largest of them. */
export function msRange(values: readonly number[]): string {
  return `${ms(median(values))} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
}

/** Writes kilobytes of 1000 bytes. */
export function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

/** Prints a Markdown table under a heading, with what has to be known about it below. */
export function printTable(
  heading: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  notes: readonly string[] = [],
): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  console.log(`\n### ${heading}\n`);
  console.log([line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n"));
  for (const note of notes) console.log(`\n${note}`);
}
