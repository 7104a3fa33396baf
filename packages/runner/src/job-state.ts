import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describeError } from "@bot-join/core";
import { RunnerError } from "./errors.ts";

/** What one join of the job has kept for the clean-up. */
export interface SavedJoin {
  id: string;
  state: Readonly<Record<string, string>>;
  /** Removes the note itself. */
  forget(): void;
}

const notePattern = /^join-\d{13}-[0-9a-f]{12}\.json$/;

/** What may lie in the folder beside notes: programs that the shell core has downloaded, files of killed processes. */
const ownPattern = /^(bot-join-program|bot-join-exports\.\w+|\.join-\d{13}-[0-9a-f]{12}\.json\.tmp)$/;

/**
 * The private folder in which a job of a plain shell keeps what its clean-up has to know: one note per join, mode 0600 in a
 * folder of mode 0700. A note names paths and variables, and no secret.
 */
export class JobState {
  readonly #directory: string;
  readonly #note: string = `join-${Date.now()}-${randomBytes(6).toString("hex")}.json`;
  readonly #state: Record<string, string> = {};
  #isSaved = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What this process has saved itself. */
  get(name: string): string | undefined {
    return this.#state[name];
  }

  /** Keeps a text of this process's join. Throws `ERR_STATE_DIRECTORY` when that is not possible in private. */
  save(id: string, name: string, value: string): void {
    this.#state[name] = value;
    const temporary = join(this.#directory, `.${this.#note}.tmp`);
    try {
      makePrivate(this.#directory);
      this.#isSaved = true;
      writeFileSync(temporary, JSON.stringify({ id, state: this.#state }), { mode: 0o600, flag: "wx" });
      renameSync(temporary, join(this.#directory, this.#note));
    } catch (error) {
      if (this.#isSaved) rmSync(temporary, { force: true });
      throw new RunnerError({
        code: "ERR_STATE_DIRECTORY",
        kind: "user",
        message: `What the clean-up of this job has to know cannot be kept in ${this.#directory}: ${describeError(error)}.`,
        hint: "Set state-dir to a folder that only this job's user can write to, or cleanup: false if nothing is to be removed.",
        cause: error,
      });
    }
  }

  /** Forgets the join of this process, which has left nothing behind. */
  drop(): void {
    if (!this.#isSaved) return;
    this.#isSaved = false;
    rmSync(join(this.#directory, this.#note), { force: true });
    removeEmpty(this.#directory);
  }

  /** Forgets earlier joins of which this process's one takes back the same: one that is run every hour leaves no pile of notes. */
  settle(): void {
    if (!this.#isSaved) return;
    const own = readFileSync(join(this.#directory, this.#note), "utf8");
    for (const name of this.#names().filter((name) => notePattern.test(name) && name < this.#note)) {
      const path = join(this.#directory, name);
      if (readFileSync(path, "utf8") === own) rmSync(path, { force: true });
    }
  }

  /** Lists the joins of the job, the last one first; what cannot be read is passed over with a warning. */
  joins(warn: (message: string) => void): SavedJoin[] {
    return this.#names()
      .filter((name) => notePattern.test(name))
      .sort()
      .reverse()
      .flatMap((name) => {
        const path = join(this.#directory, name);
        try {
          return [{ ...readNote(path), forget: () => rmSync(path, { force: true }) }];
        } catch (error) {
          warn(`A join of this job cannot be taken back: ${describeError(error)}.`);
          return [];
        }
      });
  }

  /** Removes the folder with everything that is bot-join's in it; what else lies there stays, and the folder with it. */
  end(): void {
    for (const name of this.#names().filter((name) => ownPattern.test(name))) {
      rmSync(join(this.#directory, name), { recursive: true, force: true });
    }
    removeEmpty(this.#directory);
  }

  /** Throws for a folder into which somebody else may have put something. */
  #names(): string[] {
    return isPrivate(lookAt(this.#directory), this.#directory) ? readdirSync(this.#directory) : [];
  }
}

/** Only the folder itself is private: those above it may be there, and be shared. */
function makePrivate(directory: string): void {
  mkdirSync(dirname(directory), { recursive: true });
  if (!isPrivate(lookAt(directory), directory)) mkdirSync(directory, { mode: 0o700 });
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Gives false for what is not there, and throws for what is there and is not a folder of this user alone. */
function isPrivate(found: Stats | undefined, path: string): boolean {
  if (found === undefined) return false;
  if (!found.isDirectory()) throw new Error(`${path} is there and is not a directory`);
  const uid = process.getuid?.();
  if (uid === undefined) return true;
  if (found.uid !== uid) throw new Error(`${path} belongs to another user`);
  if ((found.mode & 0o022) !== 0) throw new Error(`others can write to ${path}`);
  return true;
}

function readNote(path: string): Omit<SavedJoin, "forget"> {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    if (!fstatSync(file).isFile()) throw new Error(`${path} is not a regular file`);
    const note: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isNote(note)) throw new Error(`${path} is not a note of bot-join`);
    return note;
  } finally {
    closeSync(file);
  }
}

function isNote(note: unknown): note is Omit<SavedJoin, "forget"> {
  if (typeof note !== "object" || note === null || !("id" in note) || !("state" in note)) return false;
  const { id, state } = note;
  return typeof id === "string" && typeof state === "object" && state !== null;
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Somebody else's file lies in it.
  }
}
