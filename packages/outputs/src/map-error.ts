import { describeError, isBotJoinError } from "@bot-join/core";
import { OutputError, type OutputErrorCode } from "./errors.ts";

/** Gives the code of a failed file operation (`ENOENT`, `EACCES`, …), or an empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

interface Cure {
  code: OutputErrorCode;
  what: string;
  hint: string;
}

const notWritable =
  "Give a directory that the user of this job may write to, or leave the input directory out.";

const cures: Readonly<Record<string, Cure>> = {
  ENOSPC: {
    code: "ERR_OUTPUT_DISK_FULL",
    what: "the disk is full",
    hint: "Free some space (a few hundred kB, and inodes), or give a directory on another disk.",
  },
  EDQUOT: {
    code: "ERR_OUTPUT_DISK_FULL",
    what: "the disk quota of this user is used up",
    hint: "Free some space, or give a directory on another disk.",
  },
  EACCES: { code: "ERR_OUTPUT_NOT_WRITABLE", what: "permission denied", hint: notWritable },
  EPERM: { code: "ERR_OUTPUT_NOT_WRITABLE", what: "the operation is not permitted", hint: notWritable },
  EROFS: { code: "ERR_OUTPUT_NOT_WRITABLE", what: "the file system is read-only", hint: notWritable },
  ENOTDIR: {
    code: "ERR_OUTPUT_DIRECTORY_IS_FILE",
    what: "a part of its path is a file",
    hint: "Give the path of a directory, or of one that can be made.",
  },
  ENOENT: {
    code: "ERR_OUTPUT_WRITE",
    what: "a folder of its path is missing or is a symbolic link to nothing",
    hint: "Give the real path of the directory, and find out what else in the job removes it.",
  },
  ENAMETOOLONG: {
    code: "ERR_OUTPUT_DIRECTORY_NAME",
    what: "the path is too long",
    hint: "Give a directory with a shorter path.",
  },
  ELOOP: {
    code: "ERR_OUTPUT_DIRECTORY_IS_LINK",
    what: "symbolic links lead in a circle or stand where a file is written",
    hint: "Give the real path of the directory.",
  },
  EBUSY: {
    code: "ERR_OUTPUT_FILE_IN_THE_WAY",
    what: "it is in use or a mount point",
    hint: "Give another directory, or one whose files are not mounted singly.",
  },
};

/**
 * Converts a failed file operation into the error a person reads. `attempt` begins the sentence, as in
 * `Writing key into /tmp/out`.
 */
export function mapFileError(error: unknown, attempt: string): Error {
  if (isBotJoinError(error)) return error;
  const code = codeOf(error);
  const cure = cures[code];
  return new OutputError({
    code: cure?.code ?? "ERR_OUTPUT_WRITE",
    kind: "user",
    message: `${attempt} failed: ${cure === undefined ? describeError(error) : `${cure.what} (${code})`}.`,
    hint: cure?.hint ?? "Check the directory and its file system, or give another directory.",
    details: { cause: code },
    cause: error,
  });
}
