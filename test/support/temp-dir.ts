import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fresh folder of mode 0700 that is removed when it is disposed of. */
export interface TempDir extends Disposable {
  path: string;
}

/** Makes a {@link TempDir}; its path has no links in it. */
export function tempDir(): TempDir {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "bot-join-test-")));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
