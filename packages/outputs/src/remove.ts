import { readdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "@bot-join/core";
import { type FolderIdentity, identityOf, lookAt, removeMadeFolders } from "./folder.ts";
import { takeLock } from "./lock.ts";
import { codeOf } from "./map-error.ts";
import { systemDeps } from "./output-deps.ts";
import { isLeftOver } from "./write.ts";

/** What a run wrote, so that a later process removes that and nothing else. Plain JSON. */
export interface WrittenOutput extends FolderIdentity {
  /** Absolute path. */
  directory: string;
  /** Folders that the run made, outermost first; the last one is `directory` when it was among them. */
  madeFolders: string[];
  /** Names of the files in it. */
  files: string[];
}

/** Removes one file; gives a warning, or undefined when it is gone. */
async function removeFile(path: string): Promise<string | undefined> {
  try {
    const found = await lookAt(path);
    if (found === undefined) return undefined;
    if (!found.isFile()) return `${path} is no longer a regular file: it was left where it is.`;
    await unlink(path);
    return undefined;
  } catch (error) {
    return codeOf(error) === "ENOENT" ? undefined : `${path} could not be removed: ${describeError(error)}.`;
  }
}

/** What a killed process leaves: half-written files beside the listed ones, and its lock. A running one keeps its lock. */
async function removeLeftOvers(directory: string, names: string[]): Promise<void> {
  for (const entry of await readdir(directory)) {
    if (isLeftOver(entry, names)) await removeFile(join(directory, entry));
  }
  const lock = await takeLock(directory, systemDeps()).catch(() => undefined);
  await lock?.release();
}

async function removeFolder(directory: string): Promise<string | undefined> {
  try {
    await rmdir(directory);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return undefined;
    return code === "ENOTEMPTY" || code === "EEXIST"
      ? `${directory} holds files of others: it was left where it is.`
      : `${directory} could not be removed: ${describeError(error)}.`;
  }
}

async function remove({ directory, device, inode, madeFolders, files }: WrittenOutput): Promise<string[]> {
  const found = await lookAt(directory);
  if (found !== undefined) {
    const now = identityOf(found);
    if (!found.isDirectory() || now.device !== device || now.inode !== inode) {
      return [`${directory} is no longer the folder that was written to: nothing was removed from it.`];
    }
  }
  const unsafe = files.filter((name) => /[/\\\0]/.test(name) || name === "" || name === "." || name === "..");
  const removable = files.filter((name) => !unsafe.includes(name));
  const warnings: (string | undefined)[] = unsafe.map(
    (name) => `${JSON.stringify(name)} is no file name: it was not removed.`,
  );
  for (const name of removable) warnings.push(await removeFile(join(directory, name)));
  if (found !== undefined) await removeLeftOvers(directory, removable);
  if (madeFolders.includes(directory)) warnings.push(await removeFolder(directory));
  await removeMadeFolders(madeFolders);
  return warnings.filter((warning) => warning !== undefined);
}

/**
 * Removes the files that a run wrote, then the folders that it made, where they are empty. Only regular files
 * in the very folder that was written to are removed, no link is followed. Half-written copies of those files and the
 * lock that a killed run left go too. Gives warnings for people and never throws.
 */
export async function removeOutput(manifest: WrittenOutput): Promise<string[]> {
  try {
    return await remove(manifest);
  } catch (error) {
    return [`The output could not be removed: ${describeError(error)}.`];
  }
}
