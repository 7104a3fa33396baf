import { constants } from "node:fs";
import { copyFile, open, rename, rm, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createFile } from "./create-file.ts";
import { OutputError } from "./errors.ts";
import { followLinks, isSafeName, subFolders } from "./file-path.ts";
import { lookAt, removeMadeFolders } from "./folder.ts";
import { mapFileError } from "./map-error.ts";
import type { OutputDeps } from "./output-deps.ts";
import { prepareSubFolder } from "./sub-folder.ts";

/** One file on its way: written beside its final name, and what that name held before copied aside. */
interface StagedFile {
  name: string;
  target: string;
  content: string | Uint8Array;
  temporary: string;
  /** Where a copy of the previous file lies; undefined when there was none. */
  backup: string | undefined;
}

/** Files that lie complete beside their names. Disposing of them removes what is not needed any more. */
export interface StagedWrite extends AsyncDisposable {
  /** Sub-folders that were made for them, absolute, outermost first; disposing removes them unless it was committed. */
  readonly madeFolders: string[];
  /** Gives all files their names, or none. Throws what {@link stageFiles} throws. */
  commit(): Promise<void>;
  /** Puts back what the names held before {@link commit}. */
  rollBack(): Promise<void>;
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
  path: string,
  name: string,
  content: string | Uint8Array,
  { random, followsLinks }: { random: string; followsLinks: boolean },
): Promise<StagedFile> {
  const target = followsLinks ? await followLinks(path) : path;
  const existing = await lookAt(target);
  if (existing !== undefined && !existing.isFile()) {
    throw new OutputError({
      code: "ERR_OUTPUT_FILE_IN_THE_WAY",
      kind: "user",
      message: `The file ${target} cannot be written: ${existing.isSymbolicLink() ? "a symbolic link" : "something that is not a file"} stands there.`,
      hint: "Find out who put it there, and remove it or give another directory.",
    });
  }
  const beside = join(dirname(target), `${besidePrefix(basename(target))}${random}`);
  return { name, target, content, temporary: `${beside}.tmp`, backup: existing && `${beside}.old` };
}

async function stage(file: StagedFile): Promise<void> {
  await createFile(file.temporary, file.content, true);
  if (file.backup !== undefined) await copyFile(file.target, file.backup, constants.COPYFILE_EXCL);
}

/** Makes the renames themselves last; file systems that cannot sync a folder are left to themselves. */
async function syncFolder(directory: string, platform: NodeJS.Platform): Promise<void> {
  if (platform === "win32") return;
  const folder = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync().catch(() => undefined);
  await folder.close();
}

/** The files of one folder between staging and the end of the write. */
class FolderWrite implements StagedWrite {
  readonly madeFolders: string[] = [];
  readonly #directory: string;
  readonly #deps: OutputDeps;
  readonly #staged: StagedFile[] = [];
  #renamed: StagedFile[] = [];
  #isCommitted = false;
  /** Copies of earlier files that could not be put back: they are all that is left of them. */
  #stuck: StagedFile[] = [];

  constructor(directory: string, deps: OutputDeps) {
    this.#directory = directory;
    this.#deps = deps;
  }

  async stage(files: ReadonlyMap<string, string | Uint8Array>, followsLinks: boolean): Promise<void> {
    for (const folder of subFolders(files.keys())) {
      if (await prepareSubFolder(join(this.#directory, folder), this.#deps, followsLinks))
        this.madeFolders.push(join(this.#directory, folder));
    }
    for (const [name, content] of files) {
      await this.#attempt(name, async () => {
        const random = this.#deps.randomName();
        this.#staged.push(await plan(join(this.#directory, name), name, content, { random, followsLinks }));
      });
    }
    const results = await Promise.allSettled(
      this.#staged.map((file) => this.#attempt(file.name, () => stage(file))),
    );
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  }

  async commit(): Promise<void> {
    for (const file of this.#staged) {
      await this.#attempt(file.name, () => rename(file.temporary, file.target));
      this.#renamed.push(file);
    }
    const folders = new Set([this.#directory, ...this.#staged.map(({ target }) => dirname(target))]);
    for (const folder of folders) await syncFolder(folder, this.#deps.platform);
    this.#isCommitted = true;
  }

  async rollBack(): Promise<void> {
    this.#isCommitted = false;
    for (const file of this.#renamed.toReversed()) {
      try {
        if (file.backup === undefined) await unlink(file.target);
        else await rename(file.backup, file.target);
      } catch {
        this.#stuck.push(file);
      }
    }
    this.#renamed = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const paths = this.#staged.flatMap((file) => [
      file.temporary,
      ...(file.backup === undefined || this.#stuck.includes(file) ? [] : [file.backup]),
    ]);
    await Promise.all(paths.map((path) => rm(path, { force: true }).catch(() => undefined)));
    if (!this.#isCommitted) await removeMadeFolders(this.madeFolders);
  }

  async #attempt(name: string, operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      throw mapFileError(error, `Writing the file ${name} into ${this.#directory}`);
    }
  }
}

/**
 * Writes files under temporary names beside their own, mode 0600, and to the disk; the sub-folders in their names are made
 * with mode 0700. A failure leaves nothing of them. With `followsLinks`, a link in a file's place leads to the file that is
 * written, else it is an error. Throws `ERR_OUTPUT_DISK_FULL`, `ERR_OUTPUT_FILE_IN_THE_WAY`, `ERR_OUTPUT_NOT_WRITABLE`,
 * `ERR_OUTPUT_WRITE` and, for sub-folders, the `ERR_OUTPUT_DIRECTORY_*` codes.
 */
export async function stageFiles(
  directory: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  deps: OutputDeps,
  { followsLinks }: { followsLinks: boolean },
): Promise<StagedWrite> {
  const unsafe = [...files.keys()].find((name) => !isSafeName(name));
  if (unsafe !== undefined) throw new TypeError(`Not a file name: ${unsafe}`);
  const write = new FolderWrite(directory, deps);
  try {
    await write.stage(files, followsLinks);
    return write;
  } catch (error) {
    await write[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Stages any number of writes one after another, then commits them all: either all files of all of them get their names, or
 * everything is as it was before. Throws what {@link stageFiles} throws.
 */
export async function commitTogether(stagings: (() => Promise<StagedWrite>)[]): Promise<void> {
  const staged: StagedWrite[] = [];
  const committed: StagedWrite[] = [];
  try {
    for (const staging of stagings) staged.push(await staging());
    for (const write of staged) {
      committed.push(write);
      await write.commit();
    }
  } catch (error) {
    for (const write of committed.toReversed()) await write.rollBack();
    throw error;
  } finally {
    for (const write of staged.toReversed()) await write[Symbol.asyncDispose]();
  }
}
