/**
 * Keeps text from being taken for a command by GitHub's runner, which looks for `::` at the start of a line, white
 * space aside, and, in the older form, for `##[` anywhere in it.
 */
export function defuseCommands(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/^([\s\u0085]*):(?=:)/, "$1: ").replaceAll("##[", "## ["))
    .join("\n");
}
