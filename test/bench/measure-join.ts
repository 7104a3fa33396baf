import { runBundle } from "../support/run-bundle.ts";
import { type Target, targetNames } from "./target.ts";

/** One join, from the start of the process to its end. */
export interface MeasuredJoin {
  wallMs: number;
  roundTrips: number;
  connections: number;
  /** CPU time of this process meanwhile: emulator and forwarder. */
  clusterCpuMs: number;
  /** How the round trips came about. */
  timeline: string;
  /** Outputs of the step; empty when it failed. */
  outputs: Record<string, string>;
}

/** CPU time of this process since `before`, in milliseconds. */
function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Times and counts whatever runs against a target meanwhile. */
export async function measure<T>(
  target: Target,
  run: () => Promise<T>,
): Promise<{ result: T; measured: Omit<MeasuredJoin, "outputs"> }> {
  target.forwarder.restart();
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = await run();
  const { roundTrips, connections } = target.forwarder;
  return {
    result,
    measured: {
      wallMs: performance.now() - started,
      roundTrips,
      connections,
      clusterCpuMs: cpuMsSince(cpu),
      timeline: target.forwarder.timeline(),
    },
  };
}

/** Runs `dist/join.cjs` as GitHub's runner does, through the target's forwarder. Throws when it fails. */
export async function measureJoin(target: Target, options: { roles?: string } = {}): Promise<MeasuredJoin> {
  await using job = await target.startJob();
  const inputs = {
    proxy: target.forwarder.address,
    token: targetNames.token,
    "ca-file": target.caFile,
    timeout: "30s",
    ...(options.roles === undefined ? {} : { roles: options.roles }),
  };
  const env = { ...job.env, ...job.inputsEnv(inputs) };
  const { result, measured } = await measure(target, () => runBundle("join.cjs", { env }));
  if (result.status !== 0) {
    throw new Error(
      `join.cjs ended with ${result.status ?? result.signal}:\n${result.stdout}${result.stderr}`,
    );
  }
  return { ...measured, outputs: job.readOutputs() };
}
