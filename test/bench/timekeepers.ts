import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the wrapper of a platform took. */
export interface WrapperTimes {
  /** From the first program that the wrapper ran until the next `ssh` was started. */
  totalMs: number;
  /** How much of it `bot-join start` took, from the start of its process to its end. */
  joinMs: number;
}

/** Programs to put in front of PATH that note when they are run. */
export interface Timekeepers {
  folder: string;
  /** What the last join before the last `ssh` took; undefined when the wrapper does not look for its Node on PATH. */
  read(): WrapperTimes | undefined;
}

interface Event {
  isEnd: boolean;
  ms: number;
  command: string;
}

function readEvents(log: string): Event[] {
  return log
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [kind = "", nanoseconds = "", ...command] = line.split(" ");
      return { isEnd: kind === "end", ms: Number(nanoseconds) / 1e6, command: command.join(" ") };
    });
}

function wrapperTimes(events: readonly Event[]): WrapperTimes | undefined {
  const isStart = ({ command }: Event): boolean => /^node .*\bstart( |$)/.test(command);
  const ssh = events.findLast(({ command }) => command.startsWith("ssh "));
  if (ssh === undefined) return undefined;
  const before = events.slice(0, events.indexOf(ssh));
  const end = before.findLastIndex((event) => event.isEnd && isStart(event));
  const start = before.findLastIndex((event) => !event.isEnd && isStart(event));
  if (start < 0 || end < start) return undefined;
  const earlier = before.slice(0, start).findLastIndex((event) => event.isEnd && isStart(event));
  // Others call ssh too: git asks it what it can do.
  const first = before.slice(earlier + 1).find(({ command }) => !command.startsWith("ssh "));
  const [started, ended] = [before[start], before[end]];
  if (first === undefined || started === undefined || ended === undefined) return undefined;
  const used = before.slice(end).find(({ command }) => command.startsWith("ssh ")) ?? ssh;
  return { totalMs: used.ms - first.ms, joinMs: ended.ms - started.ms };
}

/**
 * Makes timekeepers in a folder. `tr` is the first program that the shell core runs, `node` is what joins, and `ssh` is
 * what the job wants. `programs` holds the paths of the real ones; each call costs about 2 ms.
 */
export function createTimekeepers(
  folder: string,
  programs: Readonly<Record<"tr" | "node" | "ssh", string>>,
): Timekeepers {
  const log = join(folder, "log");
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(log, "");
  for (const [name, path] of Object.entries(programs)) {
    const note = (kind: string): string =>
      `printf '${kind} %s ${name} %s\\n' "$(date +%s%N)" "$*" >>'${log}'\n`;
    const run =
      name === "node" ? `'${path}' "$@"\nstatus=$?\n${note("end")}exit $status\n` : `exec '${path}' "$@"\n`;
    writeFileSync(join(bin, name), `#!/bin/sh\n${note("begin")}${run}`, { mode: 0o700 });
  }
  return { folder: bin, read: () => wrapperTimes(readEvents(readFileSync(log, "utf8"))) };
}
