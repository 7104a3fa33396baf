import type { Clock } from "@bot-join/core";
import type { Runner } from "@bot-join/runner";

/** What a run takes from its process; entries fill it in, so that everything below is a function of it. */
export interface RunContext {
  runner: Runner;
  clock: Clock;
  /** Random number in [0, 1). */
  random: () => number;
  /** Aborted when the job is cancelled. */
  signal: AbortSignal;
  /** Absolute path of the Node that runs this process; `ssh` starts it again for its ProxyCommand. */
  node: string;
  /** Absolute path of the bundle `ssh-proxy.cjs`, which is copied beside the identity. */
  sshProxyScript: string;
  platform: NodeJS.Platform;
}
