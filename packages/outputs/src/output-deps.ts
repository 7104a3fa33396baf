import { randomBytes } from "node:crypto";
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
        return true;
      } catch (error) {
        // EPERM: it runs, as another user.
        return !(error instanceof Error && "code" in error && error.code === "ESRCH");
      }
    },
    randomName: () => randomBytes(8).toString("hex"),
  };
}
