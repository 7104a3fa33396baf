import type { Clock, Logger } from "@bot-join/core";
import { parseInputs, type Runner } from "@bot-join/runner";
import type { Run, RunContext } from "./context.ts";
import { createPlan } from "./create-plan.ts";
import { Steps } from "./steps.ts";

/** A run without a process, whose clock stands still and does not wait. */
export interface TestRun extends Run {
  /** `level: text`. */
  logged: string[];
  /** How long it was asked to wait, in milliseconds. */
  waits: number[];
}

/** Makes a {@link TestRun} of a GitHub job. */
export async function testRun(): Promise<TestRun> {
  const logged: string[] = [];
  const waits: number[] = [];
  const clock: Clock = {
    now: () => new Date("2026-11-22T08:00:00Z"),
    sleep: async (ms) => void waits.push(ms),
  };
  const log: Logger = {
    debug: (text) => void logged.push(`debug: ${text}`),
    info: (text) => void logged.push(`info: ${text}`),
    warn: (text) => void logged.push(`warn: ${text}`),
  };
  const context: RunContext = {
    runner: { log, environment: {} } as Runner,
    clock,
    random: () => 0,
    signal: new AbortController().signal,
    sshProxy: { kind: "bundle", node: "/bin/node", script: "/x/ssh-proxy.cjs" },
    platform: "linux",
    architecture: "arm64",
    hostName: "runner-7",
  };
  return {
    plan: await createPlan(parseInputs({ proxy: "example.test", token: "ci", "join-method": "github" }), {
      environment: {},
      temporaryDirectory: "/tmp",
      workingDirectory: "/work",
      randomName: "abc",
    }),
    context,
    signal: context.signal,
    steps: new Steps(clock, log),
    startedAt: new Date(clock.now().getTime() - 1500),
    logged,
    waits,
  };
}
