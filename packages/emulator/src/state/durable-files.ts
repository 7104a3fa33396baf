import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

// Whatever is acknowledged must be there after a crash, so each call returns only when the disk has it: the bytes are
// written under another name and synced, then renamed, then the folder is synced.

const temporaryPattern = /^\..*\.tmp$/;

/** Writes a file as a whole, of mode 0600 in folders of mode 0700. */
export function writeDurably(path: string, text: string): void {
  const folder = dirname(path);
  makeFolder(folder);
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(folder);
}

/** Removes a file; one that is not there is fine. */
export function removeDurably(path: string): void {
  rmSync(path, { force: true });
  syncFolder(dirname(path));
}

/** Makes a folder and those above it, of mode 0700. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made !== dirname(first); made = dirname(made)) syncFolder(dirname(made));
}

/** Removes what a crash has left of writes that were never acknowledged. */
export function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (temporaryPattern.test(name)) rmSync(join(folder, name), { force: true });
  }
}

function syncFolder(folder: string): void {
  let handle: number;
  try {
    handle = openSync(folder, "r");
  } catch (error) {
    // Windows opens no folders; a folder that is gone has nothing to sync.
    if (
      error instanceof Error &&
      "code" in error &&
      ["EPERM", "EISDIR", "ENOENT"].includes(String(error.code))
    )
      return;
    throw error;
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
