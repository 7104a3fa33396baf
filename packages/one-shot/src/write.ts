import type { BotIdentity } from "@bot-join/join";
import { type OutputFiles, writeDestinations } from "@bot-join/outputs";
import { saveCleanup } from "./cleanup.ts";
import type { Run } from "./context.ts";
import type { Destinations } from "./destinations.ts";
import type { Issued } from "./issue.ts";
import { planPaths } from "./plan-paths.ts";
import type { JoinReport } from "./report.ts";

/**
 * Writes all files of all outputs, or none. What is about to be written is noted for the cleanup first: a job that is
 * killed in between must not leave keys behind.
 */
export async function writeOutputs(
  run: Run,
  destinations: Destinations,
  rendered: OutputFiles[],
  bot: BotIdentity,
  issued: Issued,
): Promise<JoinReport> {
  const opened = destinations.all.map(({ destination, index }) => ({
    destination,
    index,
    files: rendered[index] ?? new Map(),
  }));
  saveCleanup(
    run,
    opened.map(({ destination, files }) => ({ ...destination.manifest(), files: [...files.keys()] })),
  );
  run.signal.throwIfAborted();
  const planned = opened.toSorted((a, b) => a.index - b.index);
  const files = await writeDestinations(planned);
  const directories = planned.map(({ destination }) => destination.path);
  run.steps.done(`Wrote ${files.length} files to ${directories.join(", ") || "memory alone"}`);
  const [first] = issued.outputs;
  if (first === undefined) throw new TypeError("a join without an output");
  return {
    cluster: bot.identity.cluster,
    bot: bot.identity.botName,
    botInstanceId: bot.identity.botInstanceId,
    roles: first.roles,
    logins: "certificates" in first ? first.certificates.identity.usableLogins : [],
    expiresAt: new Date(Math.min(...issued.outputs.map(({ notAfter }) => notAfter.getTime()))),
    directories,
    files,
    paths: planPaths(run.plan),
    serverVersion: issued.serverVersion,
    proxy: run.plan.proxy.host,
  };
}
