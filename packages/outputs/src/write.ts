import { constants } from "node:fs";
import { copyFile, open, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createFile } from "./create-file.ts";
import { OutputError } from "./errors.ts";
import { lookAt } from "./folder.ts";
import { mapFileError } from "./map-error.ts";
import type { OutputDeps } from "./output-deps.ts";

/** One file on its way: written beside its final name, and what that name held before copied aside. */
interface StagedFile {
  name: string;
  target: string;
  content: string | Uint8Array;
  temporary: string;
  /** Where a copy of the previous file lies; undefined when there was none. */
  backup: string | undefined;
}

function besidePrefix(name: string): string {
  return `.${name}.`;
}

/** Tells the temporary file or the copy that a write of one of these files leaves when its process is killed. */
export function isLeftOver(entry: string, names: string[]): boolean {
  return names.some((name) => {
    const prefix = besidePrefix(name);
    return entry.startsWith(prefix) && /^[0-9a-f]{16}\.(?:tmp|old)$/.test(entry.slice(prefix.length));
  });
}

async function plan(
  directory: string,
  name: string,
  content: string | Uint8Array,
  random: string,
): Promise<StagedFile> {
  if (!/^[^/\\\0]+$/.test(name) || name === "." || name === "..")
    throw new TypeError(`Not a plain file name: ${name}`);
  const target = join(directory, name);
  const existing = await lookAt(target);
  if (existing !== undefined && !existing.isFile()) {
    throw new OutputError({
      code: "ERR_OUTPUT_FILE_IN_THE_WAY",
      kind: "user",
      message: `The file ${target} cannot be written: ${existing.isSymbolicLink() ? "a symbolic link" : "something that is not a file"} stands there.`,
      hint: "Find out who put it there, and remove it or give another directory.",
    });
  }
  const beside = join(directory, `${besidePrefix(name)}${random}`);
  return { name, target, content, temporary: `${beside}.tmp`, backup: existing && `${beside}.old` };
}

async function stage(file: StagedFile): Promise<void> {
  await createFile(file.temporary, file.content, true);
  if (file.backup !== undefined) await copyFile(file.target, file.backup, constants.COPYFILE_EXCL);
}

/** Puts back what the names held before; gives the backups that could not be put back. */
async function rollBack(renamed: StagedFile[]): Promise<StagedFile[]> {
  const stuck: StagedFile[] = [];
  for (const file of renamed.toReversed()) {
    try {
      if (file.backup === undefined) await unlink(file.target);
      else await rename(file.backup, file.target);
    } catch {
      stuck.push(file);
    }
  }
  return stuck;
}

/** Makes the renames themselves last; file systems that cannot sync a folder are left to themselves. */
async function syncFolder(directory: string, platform: NodeJS.Platform): Promise<void> {
  if (platform === "win32") return;
  const folder = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync().catch(() => undefined);
  await folder.close();
}

async function removeAll(paths: (string | undefined)[]): Promise<void> {
  await Promise.all(
    paths.map((path) => (path === undefined ? undefined : rm(path, { force: true }).catch(() => undefined))),
  );
}

/**
 * Writes files into a folder, mode 0600, all or none: each goes to a temporary name beside its own and to the disk,
 * then all are renamed. On a failure the temporary files are removed and the previous files are there as before.
 * Throws `ERR_OUTPUT_DISK_FULL`, `ERR_OUTPUT_FILE_IN_THE_WAY`, `ERR_OUTPUT_NOT_WRITABLE`, `ERR_OUTPUT_WRITE`.
 */
export async function writeFiles(
  directory: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  deps: OutputDeps,
): Promise<void> {
  const attempt = (name: string): string => `Writing the file ${name} into ${directory}`;
  const staged: StagedFile[] = [];
  const renamed: StagedFile[] = [];
  let stuck: StagedFile[] = [];
  try {
    for (const [name, content] of files) {
      try {
        staged.push(await plan(directory, name, content, deps.randomName()));
      } catch (error) {
        throw error instanceof TypeError ? error : mapFileError(error, attempt(name));
      }
    }
    const results = await Promise.allSettled(
      staged.map((file) =>
        stage(file).catch((error: unknown) => Promise.reject(mapFileError(error, attempt(file.name)))),
      ),
    );
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    for (const file of staged) {
      try {
        await rename(file.temporary, file.target);
        renamed.push(file);
      } catch (error) {
        throw mapFileError(error, attempt(file.name));
      }
    }
    await syncFolder(directory, deps.platform);
  } catch (error) {
    stuck = await rollBack(renamed);
    throw error;
  } finally {
    await removeAll(
      staged.flatMap((file) => [file.temporary, stuck.includes(file) ? undefined : file.backup]),
    );
  }
}
