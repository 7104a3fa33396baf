/**
 * Keeps text from being taken for a command by the CI system that reads the log: `::…` at the start of a line (GitHub),
 * `::add-mask` (Spacelift), `##[` and `##vso[` (Azure DevOps, and GitHub's older form) and `section_start:` (GitLab)
 * anywhere in it, and signs that move the cursor. Line ends of every kind become `\n`.
 */
export function defuseCommands(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) =>
      line
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
        .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u0084\u0086-\u009f]/g, "\ufffd")
        .replace(/^([\s\u0085]*):(?=:)/, "$1: ")
        .replace(/:(?=:add-mask)/gi, ": ")
        .replace(/##(?=\w*\[)/g, "## ")
        .replace(/(section_(?:start|end)):/gi, "$1 :"),
    )
    .join("\n");
}
