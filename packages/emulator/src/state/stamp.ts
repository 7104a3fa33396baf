import { statSync } from "node:fs";

/** What tells whether a file has changed: time, size and which file it is. Undefined when there is none. */
export function stampOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found?.isFile() ? `${found.mtimeNs} ${found.size} ${found.ino}` : undefined;
}
