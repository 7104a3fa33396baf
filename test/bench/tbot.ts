import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTimed } from "./child.ts";
import { type MeasuredJoin, measure } from "./measure-join.ts";
import { type Target, targetNames } from "./target.ts";

/** What the table says when no tbot was given. */
export const leftOut = "tbot was left out: `npm run bench -- --tbot PATH` runs one beside.";

const timeoutMs = 60_000;

/** A tbot binary that joins as our own client does. */
export interface TbotProgram {
  name: string;
  note: string;
  join(target: Target): Promise<Omit<MeasuredJoin, "outputs">>;
}

/** One output, in a configuration as close to ours as tbot has it (version v2 of tbot.yaml). */
function configuration(major: number, proxy: string, directory: string): string {
  return [
    "version: v2",
    // Up to 14 the proxy's address stands where the Auth Service's does.
    `${major <= 14 ? "auth_server" : "proxy_server"}: ${proxy}`,
    `onboarding: {join_method: github, token: ${targetNames.token}}`,
    "storage: {type: memory}",
    "oneshot: true",
    "certificate_ttl: 1h",
    "outputs:",
    `- {type: identity, destination: {type: directory, path: ${JSON.stringify(directory)}}}`,
    "",
  ].join("\n");
}

/** Asks a tbot for its version and makes it a client of the benchmark. Throws when it does not answer. */
export async function openTbot(path: string): Promise<TbotProgram> {
  const { stdout, status } = await runTimed(path, ["version"], { env: {}, timeoutMs });
  const version = /\bv(\d+)\.(\d+\.\d+\S*)/.exec(stdout);
  if (status !== 0 || version === null)
    throw new Error(`${path} version does not say its version: ${stdout}`);
  const major = Number(version[1]);
  return {
    name: `tbot ${major}.${version[2]}`,
    note: "tbot runs with `--insecure` against the emulator's web certificate; ours verifies it.",
    join: (target) => joinOnce(path, major, target),
  };
}

async function joinOnce(path: string, major: number, target: Target): Promise<Omit<MeasuredJoin, "outputs">> {
  await using job = await target.startJob();
  const folder = join(target.directory, "tbot");
  mkdirSync(folder);
  try {
    const config = join(folder, "tbot.yaml");
    writeFileSync(config, configuration(major, target.forwarder.address, join(folder, "identity")));
    // tbot takes addresses from the cluster's own answers as well, and may go past the forwarder with them.
    const before = target.emulator.counters.connections;
    const args = ["start", "--config", config, "--oneshot", "--insecure"];
    const env = { ...job.env, HOME: folder, TELEPORT_ANONYMOUS_TELEMETRY: "0" };
    const { result, measured } = await measure(target, () => runTimed(path, args, { env, timeoutMs }));
    if (result.status !== 0) {
      const said = result.stderr.trim().split("\n").at(-1) ?? "";
      throw new Error(`tbot ended with ${result.status ?? "a signal"}: ${said}`);
    }
    return { ...measured, connections: target.emulator.counters.connections - before };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
