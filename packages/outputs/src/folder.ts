import type { BigIntStats } from "node:fs";
import { lstat, mkdir, rmdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { OutputError } from "./errors.ts";
import { codeOf, mapFileError } from "./map-error.ts";
import type { OutputDeps } from "./output-deps.ts";

/** Tells a folder from another one that took its path. Decimal numbers, since they may not fit a double. */
export interface FolderIdentity {
  device: string;
  inode: string;
}

/** What a directory is for, as messages call it. */
export type DirectoryUse = "output" | "data";

/** A folder that is there, and the folders that were made for it, outermost first. */
export interface PreparedFolder {
  identity: FolderIdentity;
  stats: BigIntStats;
  madeFolders: string[];
}

/** Names the folder that a stat described. */
export function identityOf(stats: BigIntStats): FolderIdentity {
  return { device: String(stats.dev), inode: String(stats.ino) };
}

/** Gives what is at a path itself, a link not followed; undefined when nothing is. */
export async function lookAt(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The folders of a path that are missing, outermost first. Links on the way to the last part are followed. */
async function missingFolders(directory: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = directory; ; folder = dirname(folder)) {
    try {
      await stat(folder);
      return missing;
    } catch (error) {
      if (codeOf(error) !== "ENOENT" || dirname(folder) === folder) throw error;
      missing.unshift(folder);
    }
  }
}

/** Removes folders that this run made, innermost first, as far as they are empty; the rest stays. */
export async function removeMadeFolders(madeFolders: string[]): Promise<void> {
  for (const folder of madeFolders.toReversed()) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") return;
    }
  }
}

/** Gives the stats of what is a folder. Throws `ERR_OUTPUT_DIRECTORY_IS_FILE`, `ERR_OUTPUT_DIRECTORY_IS_LINK`. */
export function checkIsFolder(
  directory: string,
  stats: BigIntStats | undefined,
  use: DirectoryUse,
): BigIntStats {
  if (stats?.isDirectory()) return stats;
  const isLink = stats?.isSymbolicLink() ?? false;
  throw new OutputError({
    code: isLink ? "ERR_OUTPUT_DIRECTORY_IS_LINK" : "ERR_OUTPUT_DIRECTORY_IS_FILE",
    kind: "user",
    message: `The ${use} directory ${directory} is ${isLink ? "a symbolic link" : "not a directory"}.`,
    hint: isLink
      ? "Give the path of the directory itself: a link could be turned to elsewhere while private keys are written."
      : "Give the path of a directory, or of one that can be made.",
  });
}

/**
 * Makes a folder and its missing parents, mode 0700, or finds it; its last part must not be a symbolic link.
 * Removes what it made when it fails. Throws `ERR_OUTPUT_DIRECTORY_IS_FILE`, `ERR_OUTPUT_DIRECTORY_IS_LINK` and the
 * codes of a failed write.
 */
export async function prepareFolder(
  directory: string,
  use: DirectoryUse = "output",
): Promise<PreparedFolder> {
  const madeFolders: string[] = [];
  try {
    const existing = await lookAt(directory);
    if (existing === undefined) {
      for (const folder of await missingFolders(directory)) {
        try {
          await mkdir(folder, 0o700);
          madeFolders.push(folder);
        } catch (error) {
          // Another process was quicker: then it is not ours.
          if (codeOf(error) !== "EEXIST") throw error;
        }
      }
    }
    const stats = checkIsFolder(directory, existing ?? (await lookAt(directory)), use);
    return { identity: identityOf(stats), stats, madeFolders };
  } catch (error) {
    await removeMadeFolders(madeFolders);
    throw mapFileError(error, `Making the ${use} directory ${directory}`);
  }
}

/** Checks that no other user can write to a folder. Throws `ERR_OUTPUT_DIRECTORY_SHARED`. */
export function checkNotShared(
  directory: string,
  stats: BigIntStats,
  { uid }: Pick<OutputDeps, "uid">,
  use: DirectoryUse,
): void {
  const mode = Number(stats.mode) & 0o7777;
  if (uid === undefined || (mode & 0o022) === 0) return;
  throw new OutputError({
    code: "ERR_OUTPUT_DIRECTORY_SHARED",
    kind: "user",
    message: `The ${use} directory ${directory} can be written by other users (mode ${mode.toString(8).padStart(4, "0")}), who could replace the files in it.`,
    hint: "Give a directory that does not exist yet, or take the right away: chmod go-w.",
  });
}

/** Checks that a path still leads to the same folder. Throws `ERR_OUTPUT_DIRECTORY_CHANGED`. */
export async function checkSameFolder(
  directory: string,
  expected: FolderIdentity,
  use: DirectoryUse = "output",
): Promise<void> {
  const stats = await lookAt(directory);
  const found = stats?.isDirectory() ? identityOf(stats) : undefined;
  if (found?.device === expected.device && found.inode === expected.inode) return;
  throw new OutputError({
    code: "ERR_OUTPUT_DIRECTORY_CHANGED",
    kind: "user",
    message: `The ${use} directory ${directory} was ${stats === undefined ? "removed" : "replaced"} while the job was joining.`,
    hint: "Find out what else in the job touches this directory, or give another one.",
  });
}
