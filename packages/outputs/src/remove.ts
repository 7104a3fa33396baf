import { readdir, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describeError } from "@bot-join/core";
import { followLinks, isSafeName, subFolders } from "./file-path.ts";
import { type FolderIdentity, identityOf, lookAt, removeMadeFolders } from "./folder.ts";
import { takeLock } from "./lock.ts";
import { codeOf } from "./map-error.ts";
import { systemDeps } from "./output-deps.ts";
import { isLeftOver } from "./write.ts";

/** What a run wrote, so that a later process removes that and nothing else. Plain JSON. */
export interface WrittenOutput extends FolderIdentity {
  /** Absolute path. */
  directory: string;
  /** Folders that the run made, outermost first: parents, `directory` when it was among them, sub-folders of it. */
  madeFolders: string[];
  /** Names of the files in it; those in sub-folders with a slash. */
  files: string[];
  /** Whether a link in a file's place leads to the file that was written. Default false. */
  followsLinks?: boolean;
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

/** Half-written files beside the listed ones, as a killed process leaves them. */
async function removeLeftOvers(paths: string[]): Promise<void> {
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    const names = paths.filter((path) => dirname(path) === folder).map((path) => basename(path));
    for (const entry of await readdir(folder).catch(() => [])) {
      if (isLeftOver(entry, names)) await removeFile(join(folder, entry));
    }
  }
}

/** The lock of a killed process; a running one keeps its lock. */
async function removeLock(directory: string): Promise<void> {
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

/** The sub-folders that have become something else: what lies behind them is not ours. */
async function replacedFolders(directory: string, folders: string[]): Promise<string[]> {
  const replaced: string[] = [];
  for (const folder of folders) {
    const found = await lookAt(join(directory, folder));
    const isBelowReplaced = replaced.some((other) => folder.startsWith(`${other}/`));
    if (isBelowReplaced || (found !== undefined && !found.isDirectory())) replaced.push(folder);
  }
  return replaced;
}

async function remove(output: WrittenOutput): Promise<string[]> {
  const { directory, device, inode, madeFolders, files, followsLinks = false } = output;
  const found = await lookAt(directory);
  if (found === undefined) {
    await removeMadeFolders(madeFolders);
    return [];
  }
  const now = identityOf(found);
  if (!found.isDirectory() || now.device !== device || now.inode !== inode) {
    return [`${directory} is no longer the folder that was written to: nothing was removed from it.`];
  }
  const safe = files.filter(isSafeName);
  const folders = subFolders(safe);
  const replaced = followsLinks ? [] : await replacedFolders(directory, folders);
  const names = safe.filter((name) => !replaced.some((folder) => name.startsWith(`${folder}/`)));
  const paths = await Promise.all(
    names.map((name) => (followsLinks ? followLinks(join(directory, name)) : join(directory, name))),
  );
  const warnings: (string | undefined)[] = [
    ...files
      .filter((name) => !isSafeName(name))
      .map((name) => `${JSON.stringify(name)} is no file name: it was not removed.`),
    ...replaced.map((folder) => `${join(directory, folder)} is no longer a folder: it was left where it is.`),
  ];
  for (const path of paths) warnings.push(await removeFile(path));
  await removeLeftOvers(paths);
  await removeLock(directory);
  const isOurs = madeFolders.includes(directory);
  // In a directory that the run made, a sub-folder is its own even if it was killed before it could note that.
  await removeMadeFolders(
    folders
      .map((folder) => join(directory, folder))
      .filter((folder) => isOurs || madeFolders.includes(folder)),
  );
  if (isOurs) warnings.push(await removeFolder(directory));
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
