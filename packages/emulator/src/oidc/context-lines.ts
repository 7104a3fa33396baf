/**
 * Writes an error as a server does: the outermost context first, each deeper line a tab further in (join.md section
 * 3.2). Contexts that are undefined are left out.
 */
export function contextLines(...lines: (string | undefined)[]): string {
  return lines
    .filter((line) => line !== undefined)
    .map((line, depth) => "\t".repeat(depth) + line)
    .join("\n");
}
