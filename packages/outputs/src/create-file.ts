import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** Where a platform lacks a flag, node leaves it undefined. */
const createExclusively =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/**
 * Makes a file of mode 0600 where nothing is yet; a symbolic link there is not followed but an error (`EEXIST`).
 * With `sync`, the content is on the disk when this resolves. A failure in the middle leaves what was written.
 */
export async function createFile(path: string, content: string | Uint8Array, sync = false): Promise<void> {
  const file = await open(path, createExclusively, 0o600);
  try {
    await file.writeFile(content);
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}
