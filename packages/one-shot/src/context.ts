import type { Clock } from "@bot-join/core";
import type { ProxyCommandOptions } from "@bot-join/outputs";
import type { Runner } from "@bot-join/runner";
import type { OpenDataDirectory } from "./data-directory.ts";
import type { Plan } from "./plan.ts";
import type { Steps } from "./steps.ts";

/**
 * What `ssh` starts as its ProxyCommand, paths absolute: this Node with the bundle `ssh-proxy.cjs`, which is copied beside
 * the identity, or an executable that holds both.
 */
export type SshProxy = ProxyCommandOptions["program"];

/** What a run takes from its process; entries fill it in, so that everything below is a function of it. */
export interface RunContext {
  runner: Runner;
  clock: Clock;
  /** Random number in [0, 1). */
  random: () => number;
  /** Aborted when the job is cancelled. */
  signal: AbortSignal;
  sshProxy: SshProxy;
  /** What opens a bot's data directory; without it nothing is kept. */
  openDataDirectory?: OpenDataDirectory;
  platform: NodeJS.Platform;
  /** As Node names it. */
  architecture: string;
  hostName: string;
}

/** What the steps of one run share. */
export interface Run {
  plan: Plan;
  context: RunContext;
  /** Aborted when the time is over or the job is cancelled. */
  signal: AbortSignal;
  steps: Steps;
  startedAt: Date;
}
