import { generateKeyPairSync, randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { encodePublicKey } from "@bot-join/formats";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { findTool } from "../support/tools.ts";
import { runTimed, type TimedChild } from "./child.ts";
import { measureJoin } from "./measure-join.ts";
import { median, msRange, printTable } from "./report.ts";
import { startTarget, type Target, targetNames } from "./target.ts";

const sessionTimeoutMs = 120_000;

/** Bytes that a measurement of throughput moves. */
const payloadBytes = 100_000_000;

/** Transfers of one kind at most: they are long, and vary little. */
const maxTransfers = 3;

const host = `${targetNames.node}.${targetNames.cluster}`;

/** A way to the node: through our ProxyCommand, or straight to sshd for comparison. */
interface Way {
  name: string;
  /** Arguments of ssh before the command. */
  args: string[];
}

/** Starts a real sshd and makes it a node of the cluster. */
async function startNode(target: Target, sshd: string): Promise<Sshd> {
  const directory = join(target.directory, "sshd");
  mkdirSync(directory, { mode: 0o700 });
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const hostKey = join(directory, "host_key");
  writeFileSync(hostKey, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const node = await startSshd({
    sshd,
    directory,
    hostKey,
    hostCertificate: target.emulator.signHostKey(encodePublicKey(publicKey), [host, targetNames.node]),
    userCaPublicKeys: target.emulator.userCaPublicKeys,
  });
  target.emulator.addNode({ hostname: targetNames.node, uuid: randomUUID(), address: node.address });
  return node;
}

/** Both ways, with the identity that a join has just written. */
async function ways(target: Target, node: Sshd): Promise<{ ours: Way; straight: Way }> {
  const { outputs } = await measureJoin(target);
  const common = ["-F", outputs["ssh-config"] ?? "", "-o", "BatchMode=yes", "-l", userInfo().username];
  const [address = "", port = ""] = node.address.split(":");
  const direct = ["ProxyCommand=none", `HostName=${address}`, `Port=${port}`, `HostKeyAlias=${host}`];
  return {
    ours: { name: "our ProxyCommand, the emulated proxy", args: [...common, host] },
    straight: {
      name: "straight to sshd",
      args: [...common, ...direct.flatMap((option) => ["-o", option]), host],
    },
  };
}

async function session(
  ssh: string,
  way: Way,
  command: string,
  node: Sshd,
  streams: { stdin?: number; stdout?: "ignore" } = {},
): Promise<TimedChild> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" };
  const child = await runTimed(ssh, [...way.args, command], { env, timeoutMs: sessionTimeoutMs, ...streams });
  if (child.status !== 0)
    throw new Error(`ssh (${way.name}) ended with ${child.status}:\n${child.stderr}\n${node.log()}`);
  return child;
}

/** Megabytes a second of a session that moves the payload, its own start and end taken off. */
async function throughput(
  ssh: string,
  way: Way,
  node: Sshd,
  direction: "down" | "up",
  options: { runs: number; file: string; idleMs: number },
): Promise<string> {
  const rates: number[] = [];
  for (let run = 0; run < options.runs; run++) {
    const stdin = openSync(options.file, "r");
    try {
      const child =
        direction === "down"
          ? await session(ssh, way, `head -c ${payloadBytes} /dev/zero`, node, { stdout: "ignore" })
          : await session(ssh, way, "cat > /dev/null", node, { stdin });
      rates.push(payloadBytes / 1000 / (child.wallMs - options.idleMs));
    } finally {
      closeSync(stdin);
    }
  }
  return `${median(rates).toFixed(0)} MB/s`;
}

/** Prints what a session of a real ssh with a real sshd costs through our ProxyCommand. */
export async function benchSsh(options: {
  runs: number;
  version: "14" | "18";
  distances: readonly number[];
  directory: string;
}): Promise<void> {
  const ssh = findTool("ssh");
  const sshd = findTool("sshd");
  if (ssh === undefined || sshd === undefined) {
    console.log("\nssh was left out: openssh-client and openssh-server are needed.");
    return;
  }
  mkdirSync(options.directory);
  const file = join(options.directory, "payload");
  writeFileSync(file, "");
  truncateSync(file, payloadBytes);
  const rows: string[][] = [];
  for (const roundTripMs of options.distances) {
    const directory = join(options.directory, `ssh-${roundTripMs}`);
    await using target = await startTarget({ version: options.version, roundTripMs, directory });
    await using node = await startNode(target, sshd);
    const { ours, straight } = await ways(target, node);
    // The way straight to sshd does not pass the forwarder: it stands for no distance only.
    const measured = (roundTripMs === 0 ? [straight, ours] : [ours]).map((way) => ({
      way,
      walls: [] as number[],
    }));
    // In turn, so that whatever else the machine does meanwhile meets all alike.
    for (let run = 0; run < options.runs; run++) {
      for (const { way, walls } of measured) walls.push((await session(ssh, way, "true", node)).wallMs);
    }
    for (const { way, walls } of measured) {
      const transfer = { runs: Math.min(options.runs, maxTransfers), file, idleMs: median(walls) };
      const rate = (direction: "down" | "up"): Promise<string> =>
        throughput(ssh, way, node, direction, transfer);
      const rates = roundTripMs === 0 ? [await rate("down"), await rate("up")] : ["", ""];
      rows.push([`${roundTripMs} ms`, way.name, msRange(walls), ...rates]);
    }
  }
  printTable(
    "OpenSSH",
    ["added round-trip time", "way", "`ssh host true`, median (range)", "from the node", "to the node"],
    rows,
    [
      `${options.runs} runs each; ${payloadBytes / 1e6} MB each way. ssh, the ProxyCommand, the emulated proxy and sshd share this machine.`,
    ],
  );
}
