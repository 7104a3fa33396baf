import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createFile } from "./create-file.ts";
import { OutputError } from "./errors.ts";
import { type DirectoryUse, lookAt } from "./folder.ts";
import { codeOf, mapFileError } from "./map-error.ts";
import type { OutputDeps } from "./output-deps.ts";

/** The file that says which process is writing into a directory. */
export const lockFileName = ".bot-join.lock";

/** Bytes read of a lock file; ours have about 150. */
const maxLockBytes = 4096;

interface Holder {
  pid: number;
  host: string;
  /** Tells one lock from the next of the same process. */
  nonce: string;
}

/** The locks that this process holds: a lock with its number and none of these is left over from an earlier process. */
const heldNonces = new Set<string>();

/** A directory's lock; released once. */
export interface Lock {
  release(): Promise<void>;
}

async function writeHolder(path: string, holder: Holder): Promise<void> {
  try {
    await createFile(path, `${JSON.stringify(holder)}\n`);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") await rm(path, { force: true });
    throw error;
  }
}

/** Reads who holds a lock; undefined when it is gone or does not say. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const file = await open(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxLockBytes), 0, maxLockBytes, 0);
      const value: unknown = JSON.parse(buffer.toString("utf8", 0, bytesRead));
      if (typeof value !== "object" || value === null) return undefined;
      const { pid, host, nonce } = value as Partial<Record<string, unknown>>;
      if (typeof pid !== "number" || typeof host !== "string" || typeof nonce !== "string") return undefined;
      return /^[A-Za-z0-9]{8,64}$/.test(nonce) ? { pid, host, nonce } : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

function isStale(holder: Holder, deps: OutputDeps): boolean {
  if (holder.host !== deps.hostName) return false;
  return holder.pid === deps.pid ? !heldNonces.has(holder.nonce) : !deps.isProcessAlive(holder.pid);
}

function busy(directory: string, holder: Holder | undefined, use: DirectoryUse): OutputError {
  const who = holder === undefined ? "another process" : `process ${holder.pid} on ${holder.host}`;
  return new OutputError({
    code: "ERR_OUTPUT_DIRECTORY_BUSY",
    kind: "user",
    message: `The ${use} directory ${directory} is being written by ${who}.`,
    hint:
      (use === "output"
        ? "Give each join of a job its own directory (the input directory, or another id). "
        : "Give each bot its own data directory, and let one run end before the next begins. ") +
      `If no other join is running, remove ${join(directory, lockFileName)}*.`,
  });
}

/**
 * Replaces the lock of a process that is gone. Whoever makes the file named after the stale lock's nonce may do it,
 * so of several processes that found it stale one wins; one that comes late sees another nonce and gives up.
 */
async function takeOver(directory: string, stale: Holder, mine: Holder, use: DirectoryUse): Promise<void> {
  const path = join(directory, lockFileName);
  const claim = `${path}.${stale.nonce}`;
  try {
    await writeHolder(claim, mine);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? busy(directory, stale, use) : error;
  }
  const current = await readHolder(path);
  if (current?.nonce === stale.nonce) {
    await rename(claim, path);
    return;
  }
  await rm(claim, { force: true });
  throw busy(directory, current, use);
}

/**
 * Takes a directory's lock, at once or not at all. The lock of a process of this machine that no longer runs is taken over.
 * Throws `ERR_OUTPUT_DIRECTORY_BUSY`, `ERR_OUTPUT_FILE_IN_THE_WAY` and the codes of a failed write.
 */
export async function takeLock(
  directory: string,
  deps: OutputDeps,
  use: DirectoryUse = "output",
): Promise<Lock> {
  const path = join(directory, lockFileName);
  const mine: Holder = { pid: deps.pid, host: deps.hostName, nonce: deps.randomName() };
  heldNonces.add(mine.nonce);
  try {
    try {
      await writeHolder(path, mine);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      if ((await lookAt(path))?.isFile() === false) {
        throw new OutputError({
          code: "ERR_OUTPUT_FILE_IN_THE_WAY",
          kind: "user",
          message: `The lock ${path} cannot be made: something that is not a file, perhaps a symbolic link, stands there.`,
          hint: "Find out who put it there, and remove it or give another directory.",
        });
      }
      const holder = await readHolder(path);
      if (holder === undefined || !isStale(holder, deps)) throw busy(directory, holder, use);
      await takeOver(directory, holder, mine, use);
    }
  } catch (error) {
    heldNonces.delete(mine.nonce);
    throw mapFileError(error, `Locking the ${use} directory ${directory}`);
  }
  return {
    async release() {
      heldNonces.delete(mine.nonce);
      const current = await readHolder(path);
      if (current?.nonce === mine.nonce) await rm(path, { force: true });
    },
  };
}
