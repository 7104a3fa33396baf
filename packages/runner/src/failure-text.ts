import { describeError, type ErrorKind, isBotJoinError } from "@bot-join/core";

/** The exit status of a command for each kind of error; 70 (EX_SOFTWARE) also for what nobody foresaw. */
const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  user: 2,
  denied: 3,
  network: 4,
  cluster: 5,
  internal: 70,
};

/** Gives the exit status that belongs to an error: 2 user, 3 denied, 4 network, 5 cluster, 70 internal. */
export function exitStatus(error: unknown): number {
  return isBotJoinError(error) ? statusOfKind[error.kind] : statusOfKind.internal;
}

/** Writes an error for a person: message, hint, then its code and where the docs explain it. */
export function failureText(error: unknown): string {
  if (!isBotJoinError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : describeError(error);
    return `bot-join failed unexpectedly: ${text}\nThis is a defect of bot-join: please report it with this text.`;
  }
  const docs = `${error.code}, explained in docs/errors.md#${error.code.toLowerCase()}`;
  return [error.message, error.hint, docs].filter((line) => line !== undefined).join("\n");
}
