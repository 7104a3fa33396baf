import { chmod, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createFile } from "./create-file.ts";
import { OutputError } from "./errors.ts";
import {
  checkNotShared,
  checkSameFolder,
  type DirectoryUse,
  type PreparedFolder,
  prepareFolder,
  removeMadeFolders,
} from "./folder.ts";
import { type Lock, lockFileName, takeLock } from "./lock.ts";
import { mapFileError } from "./map-error.ts";
import type { OutputDeps } from "./output-deps.ts";
import type { WrittenOutput } from "./remove.ts";
import { commitTogether, type StagedWrite, stageFiles } from "./write.ts";

/** Bytes that must be free at the start: an identity output with its ssh-proxy bundle has about 220 kB. */
const probeBytes = 256 * 1024;

/**
 * A directory that is checked, locked and ready for files. Disposing of it releases the lock and, when nothing was
 * written, undoes what opening it did: folders made, mode changed.
 */
export interface Destination extends AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  /** Whether the directory did not exist before. */
  readonly created: boolean;
  /**
   * Writes files beside their final names, mode 0600, to be committed or given up; for {@link writeDestinations}. Throws
   * `ERR_OUTPUT_DIRECTORY_CHANGED` and what writing throws.
   */
  stage(files: ReadonlyMap<string, string | Uint8Array>): Promise<StagedWrite>;
  /**
   * Writes all of these files or none, mode 0600, and gives their absolute paths. Throws `ERR_OUTPUT_DIRECTORY_CHANGED`,
   * `ERR_OUTPUT_DISK_FULL`, `ERR_OUTPUT_FILE_IN_THE_WAY`, `ERR_OUTPUT_NOT_WRITABLE`, `ERR_OUTPUT_WRITE`.
   */
  write(files: ReadonlyMap<string, string | Uint8Array>): Promise<string[]>;
  /** What was written until now, in the form that {@link removeOutput} takes and JSON keeps. */
  manifest(): WrittenOutput;
}

/** Writes and removes as much as an output needs, so that a full disk shows before anything is asked of the cluster. */
async function probeSpace(directory: string, deps: OutputDeps, use: DirectoryUse): Promise<void> {
  const path = join(directory, `.bot-join.${deps.randomName()}.tmp`);
  try {
    await createFile(path, Buffer.alloc(probeBytes));
  } catch (error) {
    throw mapFileError(error, `Writing into the ${use} directory ${directory}`);
  } finally {
    await rm(path, { force: true });
  }
}

/** Refuses a folder that somebody has put where all users may make folders, as in /tmp: its owner could replace the files. */
async function checkNotPlanted(
  directory: string,
  { stats }: PreparedFolder,
  { uid }: OutputDeps,
  use: DirectoryUse,
): Promise<void> {
  const owner = Number(stats.uid);
  const parentMode = (await stat(dirname(directory))).mode & 0o7777;
  const isOpenToAll = (parentMode & 0o1002) === 0o1002;
  if (owner === uid || owner === 0 || !isOpenToAll) return;
  throw new OutputError({
    code: "ERR_OUTPUT_DIRECTORY_SHARED",
    kind: "user",
    message: `The ${use} directory ${directory} belongs to another user (number ${owner}), who made it where everybody may and could replace the files in it.`,
    hint: "Give a directory that does not exist yet.",
  });
}

/**
 * Makes sure that nobody else can put files into the folder: an empty one of ours is closed to others, any other one
 * that they can write to is refused. Gives the mode to restore, if it was changed.
 */
async function closeToOthers(
  directory: string,
  folder: PreparedFolder,
  deps: OutputDeps,
  use: DirectoryUse,
): Promise<number | undefined> {
  if (deps.uid === undefined || folder.madeFolders.includes(directory)) return undefined;
  const mode = Number(folder.stats.mode) & 0o7777;
  const isSticky = (mode & 0o1000) !== 0;
  const isOurs = Number(folder.stats.uid) === deps.uid;
  const isEmpty = (await readdir(directory)).every((name) => name === lockFileName);
  if (isOurs && isEmpty && !isSticky) {
    if ((mode & 0o077) === 0) return undefined;
    await chmod(directory, 0o700);
    return mode;
  }
  checkNotShared(directory, folder.stats, deps, use);
  await checkNotPlanted(directory, folder, deps, use);
  return undefined;
}

interface Opened {
  folder: PreparedFolder;
  lock: Lock | undefined;
  previousMode: number | undefined;
}

async function close(directory: string, opened: Opened, keepMode: boolean): Promise<void> {
  await opened.lock?.release();
  if (opened.previousMode !== undefined && !keepMode) {
    await chmod(directory, opened.previousMode).catch(() => undefined);
  }
  // Only empty ones go: with files in it, the folder stays.
  await removeMadeFolders(opened.folder.madeFolders);
}

/** Whether links in the place of files are followed (`symlinks: insecure`) or refused. */
interface DirectoryOptions {
  followsLinks: boolean;
}

/**
 * Opens a directory for private files: made with its parents (mode 0700) or checked, locked against a second run, and known
 * to have room. Links among the parents are followed; files in it that are not ours are left alone. A failure leaves
 * nothing behind. `directory` is absolute. Throws the `ERR_OUTPUT_DIRECTORY_*` codes, `ERR_OUTPUT_DISK_FULL`,
 * `ERR_OUTPUT_FILE_IN_THE_WAY`, `ERR_OUTPUT_NOT_WRITABLE`, `ERR_OUTPUT_WRITE`.
 */
export async function openDirectory(
  directory: string,
  use: DirectoryUse,
  deps: OutputDeps,
  { followsLinks }: DirectoryOptions = { followsLinks: false },
): Promise<Destination> {
  const opened: Opened = {
    folder: await prepareFolder(directory, use),
    lock: undefined,
    previousMode: undefined,
  };
  const { identity, madeFolders } = opened.folder;
  try {
    opened.lock = await takeLock(directory, deps, use);
    opened.previousMode = await closeToOthers(directory, opened.folder, deps, use);
    await probeSpace(directory, deps, use);
  } catch (error) {
    await close(directory, opened, false);
    throw mapFileError(error, `Preparing the ${use} directory ${directory}`);
  }
  let written: { files: string[]; folders: string[] } = { files: [], folders: [] };
  const destination: Destination = {
    path: directory,
    created: madeFolders.includes(directory),
    async stage(files) {
      await checkSameFolder(directory, identity, use);
      const staged = await stageFiles(directory, files, deps, { followsLinks });
      const before = written;
      return {
        madeFolders: staged.madeFolders,
        async commit() {
          await staged.commit();
          written = {
            files: [...new Set([...before.files, ...files.keys()])],
            folders: [...before.folders, ...staged.madeFolders],
          };
        },
        async rollBack() {
          await staged.rollBack();
          written = before;
        },
        [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose](),
      };
    },
    async write(files) {
      await commitTogether([() => destination.stage(files)]);
      return [...files.keys()].map((name) => join(directory, name));
    },
    manifest: () => ({
      directory,
      ...identity,
      madeFolders: [...madeFolders, ...written.folders],
      files: written.files,
      ...(followsLinks ? { followsLinks } : {}),
    }),
    async [Symbol.asyncDispose]() {
      await close(directory, opened, written.files.length > 0);
    },
  };
  return destination;
}
