import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Facts about this process and machine that writing files depends on. */
export interface OutputDeps {
  pid: number;
  /** Undefined where users have no numbers (Windows). */
  uid: number | undefined;
  hostName: string;
  platform: NodeJS.Platform;
  /** Whether a process of this machine runs, as far as can be told. */
  isProcessAlive(pid: number): boolean;
  /** A fresh, unguessable name for temporary files: 16 hex digits. */
  randomName(): string;
}

/** The facts of the running process. */
export function systemDeps(): OutputDeps {
  return {
    pid: process.pid,
    uid: process.getuid?.(),
    hostName: hostname(),
    platform: process.platform,
    isProcessAlive(pid) {
      try {
        process.kill(pid, 0);
        return !isZombie(pid);
      } catch (error) {
        // EPERM: it runs, as another user.
        return !(error instanceof Error && "code" in error && error.code === "ESRCH");
      }
    },
    randomName: () => randomBytes(8).toString("hex"),
  };
}

/**
 * Tells a process that has ended and is still listed from one that runs: in a container whose first process does not wait
 * for orphans, every killed job leaves such. Elsewhere than on Linux nothing tells.
 */
function isZombie(pid: number): boolean {
  try {
    // The state follows the name, which stands in parentheses and may hold any (proc(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}
