import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Runner } from "@bot-join/runner";
import { ProxyDialer, parseProxyAddress } from "@bot-join/transport";
import { archiveFor } from "./archive.ts";
import { clusterVersion } from "./cluster-version.ts";
import { readInputs, type SetupInputs } from "./inputs.ts";
import { installTools } from "./install-tools.ts";
import { writeLauncher } from "./launcher.ts";
import { readAuthorities } from "./read-authorities.ts";

/** What the action knows of its process. */
export interface SetupOptions {
  runner: Runner;
  node: string;
  /** Folder of the bundles. */
  bundles: string;
  /** As Node names them. */
  system: string;
  cpu: string;
  /** Ends the questions to the cluster. */
  signal: AbortSignal;
}

async function versionOf(inputs: SetupInputs, { runner, signal }: SetupOptions): Promise<string> {
  if (inputs.version !== "auto" || inputs.proxy === undefined) return inputs.version;
  const ca = await readAuthorities(inputs.caFile);
  const dialer = new ProxyDialer({
    proxy: parseProxyAddress(inputs.proxy),
    webTrust: { ca, insecure: false },
    environment: runner.environment,
    signal,
  });
  return clusterVersion(dialer, signal);
}

/** Puts `bot-join` on PATH for the later steps, and the tools that were asked for. Throws a SetupError or TransportError. */
export async function setUp(options: SetupOptions): Promise<void> {
  const { runner, system, cpu, node } = options;
  const inputs = readInputs(runner.environment);
  const bundle = join(options.bundles, "bot-join.cjs");
  const folders = [await writeLauncher({ node, bundle }, system, runner.temporaryDirectory())];
  if (inputs.tools.length > 0) {
    const archive = archiveFor(await versionOf(inputs, options), inputs.edition, system, cpu);
    const installed = await installTools(inputs.tools, { archive, baseUrl: inputs.baseUrl, cpu });
    folders.push(...installed.folders);
    const source = installed.cached ? "from the runner's tool cache" : `from ${inputs.baseUrl}`;
    runner.log.info(`${inputs.tools.join(", ")} ${archive.version} (${archive.product}), ${source}`);
    runner.setOutput("version", archive.version);
    runner.setOutput("cache-hit", String(installed.cached));
  }
  // Nothing is on PATH before everything is there.
  await appendFile(runner.environment["GITHUB_PATH"] ?? "", folders.map((folder) => `${folder}\n`).join(""));
  runner.log.info("bot-join is on PATH for the later steps.");
}
