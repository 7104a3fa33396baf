import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BotJoinError, describeError } from "@bot-join/core";
import type { Resource } from "@bot-join/resources";
import { systemClock } from "@bot-join/runner";
import type { Command } from "commander";
import { interruption, runCommand } from "../run-command.ts";

/** Reads every YAML or JSON document of a folder. Throws `ERR_CLI_RESOURCES`, or a ResourceError that names the place. */
async function readResources(folder: string): Promise<Resource[]> {
  const { parseResources } = await import("@bot-join/resources");
  const names = await readdir(folder).catch((error: unknown) => {
    throw new BotJoinError({
      code: "ERR_CLI_RESOURCES",
      kind: "user",
      message: `The folder ${folder} (--resources) cannot be read: ${describeError(error)}.`,
      hint: "Give a folder of YAML documents as tctl create -f takes them: roles, bots, tokens.",
      cause: error,
    });
  });
  const files = names.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text, index) => parseResources(text, join(folder, files[index] ?? "")));
}

interface EmulateFlags {
  resources: string;
  cluster: string;
  teleportVersion: "14" | "18";
  port: string;
  node: string[];
  caFile?: string;
}

/** Adds `emulate`: a Teleport-compatible cluster on this machine, until Ctrl-C. */
export function addEmulate(program: Command): void {
  program
    .command("emulate")
    .description("Runs an emulated Teleport cluster on loopback, to try pipelines against. Ends with Ctrl-C.")
    .requiredOption("--resources <dir>", "folder of YAML documents: roles, bots, tokens")
    .option("--cluster <name>", "name of the cluster", "demo.test")
    .option("--teleport-version <major>", "version to emulate: 14 or 18", "18")
    .option("--port <port>", "port to listen on; 0 takes a free one", "0")
    .option(
      "--node <hostname=host:port>",
      "an sshd that the cluster reaches by this host name; repeatable",
      collect,
      [],
    )
    .option("--ca-file <file>", "where to write the authority of the proxy's web certificate")
    .action((flags: EmulateFlags) => runCommand(() => emulate(flags)));
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

async function emulate(flags: EmulateFlags): Promise<void> {
  const { startEmulator } = await import("@bot-join/emulator");
  const { randomUUID } = await import("node:crypto");
  const nodes = flags.node.map((text) => {
    const [hostname, address] = text.split("=");
    if (hostname !== undefined && hostname !== "" && /^.+:\d+$/.test(address ?? "")) {
      return { hostname, uuid: randomUUID(), address: address ?? "" };
    }
    throw new BotJoinError({
      code: "ERR_CLI_FLAG",
      kind: "user",
      message: `--node ${text}: hostname=host:port is wanted.`,
      hint: "For example --node web-1=127.0.0.1:2222.",
    });
  });
  if (flags.teleportVersion !== "14" && flags.teleportVersion !== "18") {
    throw new BotJoinError({
      code: "ERR_CLI_FLAG",
      kind: "user",
      message: `--teleport-version ${flags.teleportVersion}: the emulator can be version 14 or 18.`,
    });
  }
  const interrupted = interruption();
  await using emulator = await startEmulator({
    clusterName: flags.cluster,
    version: flags.teleportVersion,
    resources: await readResources(flags.resources),
    nodes,
    clock: systemClock,
    port: Number(flags.port),
    onEvent: (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
  });
  if (flags.caFile !== undefined) await writeFile(flags.caFile, emulator.webCaPem);
  process.stdout.write(
    [
      `Cluster ${emulator.clusterName}, proxy ${emulator.proxyAddress}.`,
      flags.caFile === undefined
        ? "Trust: --ca-file FILE writes the authority of its web certificate."
        : `Trust: --ca-file ${flags.caFile}`,
      ...emulator.userCaPublicKeys.map((key) => `TrustedUserCAKeys for an sshd: ${key}`),
      "Ctrl-C ends it.",
      "",
    ].join("\n"),
  );
  await new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener("abort", () => resolve(), { once: true });
  });
}
