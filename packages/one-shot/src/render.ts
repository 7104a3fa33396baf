import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describeError, isBotJoinError } from "@bot-join/core";
import type { BotIdentity, IssuedOutputs } from "@bot-join/join";
import { proxyCommandLine, renderIdentityOutput, type SshTarget } from "@bot-join/outputs";
import { formatHostPort, type HostPort, parseProxyAddress } from "@bot-join/transport";
import type { Run } from "./context.ts";
import { OneShotError } from "./errors.ts";
import type { PlannedOutput } from "./plan.ts";

/** Files of one output by name. */
export type RenderedOutput = Map<string, string | Uint8Array>;

/** Where the copied ProxyCommand bundle lies in every output directory. */
const sshProxyFile = "ssh-proxy.cjs";

/** The first release line that writes per-cluster ssh_config and known_hosts files (profiles.md). */
const perClusterSince = 16;

/** Renders every output in memory; only the bundle of the ProxyCommand is read from disk. */
export async function renderOutputs(
  run: Run,
  bot: BotIdentity,
  issued: IssuedOutputs,
): Promise<RenderedOutput[]> {
  const { plan, context } = run;
  const script = plan.outputs.some((output) => output.sshConfig)
    ? await readScript(context.sshProxyScript)
    : undefined;
  return plan.outputs.map((output, index) => {
    const certificates = issued.outputs[index];
    if (certificates === undefined) throw new TypeError("an output without certificates");
    const ssh = output.sshConfig ? sshTarget(run, output, bot, issued) : undefined;
    const files = renderIdentityOutput({ ...certificates, authorities: issued.authorities }, ssh);
    if (script !== undefined && ssh !== undefined) files.set(sshProxyFile, script);
    return files;
  });
}

async function readScript(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new OneShotError({
      code: "ERR_RUN_FILE_INPUT",
      kind: "internal",
      message: `The bundle for ssh's ProxyCommand is missing beside this program: ${describeError(error)}.`,
      hint: "bot-join consists of the files in dist/: keep them together.",
      cause: error,
    });
  }
}

/** The proxy's name as the cluster knows it heads ssh_config and known_hosts; the address at hand is the one that is dialled. */
function sshTarget(
  { plan, context }: Run,
  output: PlannedOutput,
  bot: BotIdentity,
  issued: IssuedOutputs,
): SshTarget {
  const cluster = output.cluster ?? bot.identity.cluster;
  const leaves = issued.authorities.host
    .map((authority) => authority.clusterName)
    .filter((name) => name !== cluster);
  const { host, port } = announcedProxy(issued.proxyPublicAddress) ?? plan.proxy;
  return {
    clusters: [...new Set([cluster, ...leaves])],
    proxyHost: host,
    proxyPort: port,
    directory: output.directory,
    perClusterFiles: Number.parseInt(issued.serverVersion, 10) >= perClusterSince,
    proxyCommand: (target) =>
      proxyCommandLine(
        {
          node: context.node,
          script: join(output.directory, sshProxyFile),
          directory: output.directory,
          proxy: formatHostPort(plan.proxy),
          cluster: target,
        },
        context.platform,
      ),
  };
}

/** What the cluster calls its proxy; undefined where it says nothing of use, which is no mistake of the user's. */
function announcedProxy(address: string): HostPort | undefined {
  try {
    return address === "" ? undefined : parseProxyAddress(address);
  } catch (error) {
    if (isBotJoinError(error)) return undefined;
    throw error;
  }
}
