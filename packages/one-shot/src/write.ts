import { join } from "node:path";
import type { BotIdentity, IssuedOutputs } from "@bot-join/join";
import { removeOutput } from "@bot-join/outputs";
import { saveCleanup } from "./cleanup.ts";
import type { Run } from "./context.ts";
import type { Destinations } from "./destinations.ts";
import type { RenderedOutput } from "./render.ts";
import type { JoinReport } from "./report.ts";

/**
 * Writes all files of all outputs. What is about to be written is noted for the cleanup first: a job that is
 * killed in between must not leave keys behind.
 */
export async function writeOutputs(
  run: Run,
  destinations: Destinations,
  rendered: RenderedOutput[],
  bot: BotIdentity,
  issued: IssuedOutputs,
): Promise<JoinReport> {
  const planned = destinations.all.map((destination, index) => ({
    ...destination.manifest(),
    files: [...(rendered[index]?.keys() ?? [])],
  }));
  saveCleanup(run, planned);
  const files: string[] = [];
  try {
    for (const [index, destination] of destinations.all.entries()) {
      run.signal.throwIfAborted();
      files.push(...(await destination.write(rendered[index] ?? new Map())));
    }
  } catch (error) {
    // Outputs that were complete before another one failed go too: a job has all of them or none.
    for (const destination of destinations.all) await removeOutput(destination.manifest());
    throw error;
  }
  const [output] = run.plan.outputs;
  const [certificates] = issued.outputs;
  if (certificates === undefined) throw new TypeError("a join without an output");
  run.steps.done(
    `Wrote ${files.length} files to ${run.plan.outputs.map(({ directory }) => directory).join(", ")}`,
  );
  return {
    cluster: bot.identity.cluster,
    bot: bot.identity.botName,
    botInstanceId: bot.identity.botInstanceId,
    roles: certificates.identity.roles,
    logins: certificates.identity.usableLogins,
    expiresAt: certificates.notAfter,
    directory: output.directory,
    files,
    identityFile: join(output.directory, "identity"),
    sshConfig: output.sshConfig ? join(output.directory, "ssh_config") : undefined,
    knownHosts: output.sshConfig ? join(output.directory, "known_hosts") : undefined,
    serverVersion: issued.serverVersion,
    proxy: run.plan.proxy.host,
  };
}
