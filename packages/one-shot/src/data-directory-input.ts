import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { OneShotError } from "./errors.ts";

/**
 * Reads where a bot keeps its identity: a path, tbot's URI for one (`file:///path`), or `memory://` for nowhere, which is
 * undefined (outputs.md section 8.1). Throws `ERR_RUN_DATA_DIRECTORY`.
 */
export function dataDirectoryPath(value: string, workingDirectory: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+-]*):\/\//i.exec(value)?.[1]?.toLowerCase();
  if (scheme === undefined) return resolve(workingDirectory, value);
  if (scheme === "memory" && /^memory:\/\/$/i.test(value)) return undefined;
  try {
    if (scheme === "file") return resolve(fileURLToPath(value));
  } catch {
    // It names another machine, or no absolute path.
  }
  throw new OneShotError({
    code: "ERR_RUN_DATA_DIRECTORY",
    kind: "user",
    message: `The input data-dir is ${JSON.stringify(value)}: a bot cannot keep its identity there.`,
    hint: "Give a directory of this machine, as a path or as file:///path, or memory:// to keep nothing.",
  });
}
