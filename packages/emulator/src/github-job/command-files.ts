import { readFileSync } from "node:fs";

/**
 * Reads a file of runner commands (platform-plugins.md section 2.3): `name=value` lines and the heredoc form
 * `name<<DELIMITER`, lines, `DELIMITER`. A later entry wins. Throws an Error for a line that is neither, as the runner
 * fails the step.
 */
export function parseCommandFile(text: string): Record<string, string> {
  const entries: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (line === "") continue;
    const heredoc = /^([^=]+?)<<(.+)$/.exec(line);
    const plain = line.indexOf("=");
    if (heredoc !== null) {
      const end = lines.indexOf(heredoc[2] ?? "", i + 1);
      if (end < 0) throw new Error(`the delimiter ${heredoc[2]} of ${heredoc[1]} never comes`);
      entries[heredoc[1] ?? ""] = lines.slice(i + 1, end).join("\n");
      i = end;
    } else if (plain > 0) {
      entries[line.slice(0, plain)] = line.slice(plain + 1);
    } else {
      throw new Error(`neither name=value nor name<<delimiter: ${line}`);
    }
  }
  return entries;
}

/** Reads a command file of the disk. */
export function readCommandFile(path: string): Record<string, string> {
  return parseCommandFile(readFileSync(path, "utf8"));
}

/**
 * Lists what `::add-mask::` commands in a step's output mask: each value and each of its lines, as the runner splits
 * them (platform-plugins.md section 2.4).
 */
export function parseMasks(stdout: string): string[] {
  const values = [...stdout.matchAll(/^::add-mask::(.*)$/gm)].map((match) =>
    (match[1] ?? "").replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%"),
  );
  const parts = values.flatMap((value) => [value, ...value.split(/\r?\n/).map((line) => line.trim())]);
  return [...new Set(parts.filter((part) => part !== ""))];
}
