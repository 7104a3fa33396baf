import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Part of util-linux and of busybox. */
const program = "flock";

/** What it ends with when somebody else has the lock. */
const conflictStatus = 1;

/** A lock of the operating system on a file, as tbot takes it; gone with the process that holds it. */
export interface FileLock {
  release(): Promise<void>;
}

/** Settles when the child has begun to echo, which it does once the lock is its own, or when it ended without. */
async function outcome(child: ChildProcess): Promise<"held" | "conflict" | "impossible"> {
  const echoed = once(child.stdout ?? child, "data").then(() => "held" as const);
  const ended = once(child, "close").then(([status]) =>
    status === conflictStatus ? ("conflict" as const) : ("impossible" as const),
  );
  // Without such a program there is no lock of this kind: Windows, macOS, the smallest images.
  return Promise.race([echoed, ended]).catch(() => "impossible" as const);
}

/**
 * Takes the advisory lock `flock(2)` on a file that exists. Node has no call for it, so that the program `flock` holds it for
 * us, and lets go when our end of its pipe closes. Gives `conflict` when another process holds it, and undefined when
 * this machine cannot lock so.
 */
export async function takeFileLock(path: string): Promise<FileLock | "conflict" | undefined> {
  // A group of its own: Ctrl-C must not take the lock away while a run still cleans up.
  const child = spawn(program, ["-n", path, "cat"], { stdio: ["pipe", "pipe", "ignore"], detached: true });
  child.stdin.on("error", () => {});
  child.stdin.write("\n");
  const found = await outcome(child);
  if (found !== "held") return found === "conflict" ? "conflict" : undefined;
  return {
    async release() {
      const ended = once(child, "close");
      child.stdin.end();
      await ended;
    },
  };
}
