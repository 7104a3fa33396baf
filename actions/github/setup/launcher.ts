import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a launcher starts. */
export interface Launched {
  node: string;
  bundle: string;
}

function quoteShell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Within a batch file a percent sign starts a variable, and no path holds a double quote. */
function quoteBatch(word: string): string {
  return `"${word.replaceAll("%", "%%")}"`;
}

/** The files of a launcher by name: a shell script, which Git for Windows runs too, and there a batch file for the rest. */
export function launcherFiles({ node, bundle }: Launched, system: string): Map<string, string> {
  const script = `#!/bin/sh\nexec ${quoteShell(node)} ${quoteShell(bundle)} "$@"\n`;
  const batch = `@${quoteBatch(node)} ${quoteBatch(bundle)} %*\r\n`;
  return new Map([["bot-join", script], ...(system === "win32" ? ([["bot-join.cmd", batch]] as const) : [])]);
}

/** Makes the command `bot-join` in a folder of its own below the job's temporary folder: the folder. */
export async function writeLauncher(
  launched: Launched,
  system: string,
  temporaryDirectory: string,
): Promise<string> {
  const folder = join(temporaryDirectory, "bot-join-bin");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of launcherFiles(launched, system))
    await writeFile(join(folder, name), text, { mode: 0o755 });
  return folder;
}
