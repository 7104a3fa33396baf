import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BotJoinError, describeError, isBotJoinError } from "@bot-join/core";
import type { ServerMajor } from "@bot-join/emulator";
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
  resources?: string;
  stateDir?: string;
  cluster: string;
  teleportVersion: string;
  port: string;
  node: string[];
  signHostKey: string[];
  signDatabase: string[];
  claim: string[];
  caFile?: string;
  jobEnv?: string;
}

/** The issuer whose tokens the played job has. */
const githubIssuer = "https://token.actions.githubusercontent.com";

/** Adds `emulate`: a Teleport-compatible cluster on this machine, until Ctrl-C. */
export function addEmulate(program: Command): void {
  program
    .command("emulate")
    .description("Runs an emulated Teleport cluster on loopback, to try pipelines against. Ends with Ctrl-C.")
    .option("--resources <dir>", "folder of YAML documents: roles, bots, tokens")
    .option(
      "--state-dir <dir>",
      "folder where the cluster keeps what it holds, bot instances and keys included; made when it is missing (default: nothing is kept)",
    )
    .option("--cluster <name>", "name of the cluster", "demo.test")
    .option("--teleport-version <major>", "version to emulate: 14, 15, 16, 17 or 18", "18")
    .option("--port <port>", "port to listen on; 0 takes a free one", "0")
    .option(
      "--node <hostname=host:port>",
      "an sshd that the cluster reaches by this host name; repeatable",
      collect,
      [],
    )
    .option(
      "--sign-host-key <hostname[@leaf]=key.pub>",
      "the host key of such an sshd, or of a leaf cluster's node, whose certificate is written beside it as key-cert.pub; repeatable",
      collect,
      [],
    )
    .option(
      "--sign-database <host,...=prefix>",
      "names and addresses of a database server, whose files are written as prefix.crt, prefix.key and prefix.cas; repeatable",
      collect,
      [],
    )
    .option("--ca-file <file>", "where to write the authority of the proxy's web certificate")
    .option(
      "--job-env <file>",
      "where to write the environment of a GitHub job that this cluster knows, for sh",
    )
    .option(
      "--claim <name=value>",
      "a claim of that job, such as repository=acme/shop; repeatable",
      collect,
      [],
    )
    .action((flags: EmulateFlags) => runCommand(() => emulate(flags)));
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function badFlag(flag: string, value: string, wanted: string): BotJoinError {
  return new BotJoinError({
    code: "ERR_CLI_FLAG",
    kind: "user",
    message: `--${flag} ${value}: ${wanted}.`,
    hint: "bot-join emulate --help shows every flag.",
  });
}

/** Splits `name=value`. Throws `ERR_CLI_FLAG`. */
function pair(flag: string, text: string, wanted: string): [string, string] {
  const split = /^([^=]+)=(.+)$/.exec(text);
  if (split === null) throw badFlag(flag, text, wanted);
  return [split[1] ?? "", split[2] ?? ""];
}

/** Writes variables so that a POSIX shell reads back exactly these values. */
function shellExports(variables: Record<string, string>): string {
  const lines = Object.entries(variables).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", `'"'"'`)}'`,
  );
  return `${lines.join("\n")}\n`;
}

/** Names the leaf clusters that there are, in the documents and in the state directory, which holds these as well. */
async function leafClusters(resources: readonly Resource[], stateDir: string | undefined): Promise<string[]> {
  const { StateDirectory } = await import("@bot-join/emulator");
  const documents =
    stateDir === undefined ? resources : new StateDirectory(stateDir, () => undefined).documents();
  return documents.filter(({ kind }) => kind === "remote_cluster").map(({ name }) => name);
}

function unknownLeaf(name: string, leaves: readonly string[]): BotJoinError {
  const there = leaves.length === 0 ? "there is none" : `there are: ${leaves.join(", ")}`;
  return badFlag("sign-host-key", `@${name}`, `no document remote_cluster has this name; ${there}`);
}

async function emulate(flags: EmulateFlags): Promise<void> {
  const { profiles, startEmulator, startGitHubJob } = await import("@bot-join/emulator");
  const { writeDatabaseFiles } = await import("./database-files.ts");
  const { readHostKey, writeHostCertificate } = await import("./host-key.ts");
  if (flags.resources === undefined && flags.stateDir === undefined) {
    throw new BotJoinError({
      code: "ERR_CLI_FLAG",
      kind: "user",
      message: "emulate: neither --resources nor --state-dir was given, so nobody could join.",
      hint: "Give a folder of documents with --resources, or a state directory with --state-dir.",
    });
  }
  const isMajor = (text: string): text is ServerMajor => Object.hasOwn(profiles, text);
  const version = flags.teleportVersion;
  if (!isMajor(version)) {
    const possible = Object.keys(profiles)
      .join(", ")
      .replace(/, (\d+)$/, " or $1");
    throw badFlag("teleport-version", version, `${possible} is possible`);
  }
  const port = Number(flags.port);
  if (!/^\d{1,5}$/.test(flags.port) || port > 65535)
    throw badFlag("port", flags.port, "a number from 0 to 65535 is wanted");
  const nodes = flags.node.map((text) => {
    const [hostname, address] = pair(
      "node",
      text,
      "hostname=host:port is wanted, as in web-1=127.0.0.1:2222",
    );
    if (!/:\d+$/.test(address)) throw badFlag("node", text, "the address has no port");
    return { hostname, uuid: randomUUID(), address };
  });
  const hostKeys = await Promise.all(
    flags.signHostKey.map((text) =>
      readHostKey(...pair("sign-host-key", text, "hostname=key.pub is wanted, as in web-1=./host_key.pub")),
    ),
  );
  const databases = flags.signDatabase.map((text) => {
    const wanted = "host=prefix is wanted, as in 127.0.0.1=./server";
    const [names, prefix] = pair("sign-database", text, wanted);
    const hosts = names.split(",");
    if (hosts.includes("")) throw badFlag("sign-database", text, wanted);
    return { hosts, prefix };
  });
  const claims = Object.fromEntries(flags.claim.map((text) => pair("claim", text, "name=value is wanted")));
  const resources = flags.resources === undefined ? [] : await readResources(flags.resources);
  const interrupted = interruption();
  const folder = await mkdtemp(join(tmpdir(), "bot-join-emulate-"));
  try {
    await using emulator = await startEmulator({
      clusterName: flags.cluster,
      version,
      resources,
      nodes,
      clock: systemClock,
      port,
      ...(flags.stateDir !== undefined && { stateDirectory: flags.stateDir }),
      onEvent: (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
    }).catch((error: unknown) => {
      throw isBotJoinError(error)
        ? error
        : badFlag("port", flags.port, `the port cannot be opened: ${describeError(error)}`);
    });
    await using job = await startGitHubJob({
      issuer: emulator.issuer(githubIssuer),
      clock: systemClock,
      directory: folder,
      claims,
    });
    const leaves = await leafClusters(resources, flags.stateDir);
    for (const key of hostKeys) {
      if (key.leaf !== undefined && !leaves.includes(key.leaf)) throw unknownLeaf(key.leaf, leaves);
      const principals = [`${key.hostname}.${key.leaf ?? emulator.clusterName}`, key.hostname];
      await writeHostCertificate(key, emulator.signHostKey(key.publicKey, principals, key.leaf));
    }
    for (const database of databases) {
      await writeDatabaseFiles(database, emulator.issueDatabaseCertificate(database.hosts));
    }
    if (flags.caFile !== undefined) await writeFile(flags.caFile, emulator.webCaPem);
    // The file holds the job's request token.
    if (flags.jobEnv !== undefined) await writeFile(flags.jobEnv, shellExports(job.env), { mode: 0o600 });
    process.stdout.write(
      [
        `Cluster ${emulator.clusterName} (Teleport ${version}), proxy ${emulator.proxyAddress}.`,
        ...(flags.caFile === undefined ? [] : [`The authority of its web certificate: ${flags.caFile}`]),
        ...(flags.jobEnv === undefined ? [] : [`To be a GitHub job that it knows: . ${flags.jobEnv}`]),
        ...hostKeys.map(
          ({ hostname, certificatePath }) => `HostCertificate of ${hostname}: ${certificatePath}`,
        ),
        ...databases.map(
          ({ hosts, prefix }) =>
            `Files of the database server ${hosts.join(", ")}: ${prefix}.crt, ${prefix}.key, ${prefix}.cas`,
        ),
        ...emulator.userCaPublicKeys.map((key) => `TrustedUserCAKeys for an sshd: ${key}`),
        "Joins and certificates are reported on standard error. Ctrl-C ends it.",
        "",
      ].join("\n"),
    );
    await new Promise<void>((resolve) => {
      if (interrupted.aborted) resolve();
      else interrupted.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
