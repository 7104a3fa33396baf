import { generateKeyPair } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseResources } from "@bot-join/resources";
import { runBundle } from "../support/run-bundle.ts";
import { type MeasuredJoin, measure } from "./measure-join.ts";
import { median, ms, msRange, printTable } from "./report.ts";
import { startTarget, type Target, targetNames } from "./target.ts";

const makeKeyPair = promisify(generateKeyPair);

/** What there is to be reached, and a role that may. */
const resources = `
kind: role
version: v7
metadata: {name: ${targetNames.role}}
spec:
  allow:
    logins: [deploy]
    node_labels: {'*': '*'}
    app_labels: {'*': '*'}
    db_labels: {'*': '*'}
    db_users: ['*']
    db_names: ['*']
    kubernetes_labels: {'*': '*'}
    kubernetes_groups: [viewers]
    rules:
    - {resources: [host_cert], verbs: [create]}
---
{kind: kube_cluster, version: v3, metadata: {name: prod, labels: {env: prod}}}
---
{kind: app, version: v3, metadata: {name: grafana}, spec: {uri: 'http://127.0.0.1:1'}}
---
{kind: db, version: v3, metadata: {name: orders}, spec: {protocol: postgres, uri: '127.0.0.1:1'}}
`;

const database = "type: database, service: orders, username: ci, database: shop";

/** One output of each kind that every version has; more of them begin anew. */
const kinds = [
  "type: identity",
  database,
  "type: kubernetes, kubernetes_cluster: prod",
  "type: application, app_name: grafana",
  "type: kubernetes/v2, selectors: [{labels: {env: prod}}]",
  "type: ssh_host, principals: [web-2]",
];

/** Some outputs of one join. */
interface Load {
  name: string;
  outputs: readonly string[];
}

function mixed(count: number): Load {
  const outputs = Array.from({ length: count }, (_, index) => kinds[index % kinds.length] ?? database);
  return { name: `${count} of all kinds`, outputs };
}

const loads: readonly Load[] = [
  { name: "1 identity", outputs: kinds.slice(0, 1) },
  { name: "1 database", outputs: [database] },
  mixed(10),
  mixed(50),
];

/** Writes the largest resident size of its process into a file when it ends, in kilobytes. */
const memoryWatch = `process.on("exit", () => {
  require("node:fs").writeFileSync(process.env.BENCH_MEMORY_FILE, String(process.resourceUsage().maxRSS));
});
`;

interface MeasuredOutputs extends Omit<MeasuredJoin, "outputs"> {
  peakKilobytes: number;
}

/** Joins once as GitHub's runner does, with these outputs in a folder that is removed again. */
async function joinOnce(target: Target, outputs: readonly string[]): Promise<MeasuredOutputs> {
  await using job = await target.startJob();
  const folder = join(target.directory, "outputs");
  mkdirSync(folder, { mode: 0o700 });
  try {
    const at = (name: string): string => join(folder, name);
    writeFileSync(at("memory.cjs"), memoryWatch);
    const list = outputs.map(
      (output, index) => `- {${output}, destination: ${JSON.stringify(at(`out-${index}`))}}`,
    );
    const inputs = {
      proxy: target.forwarder.address,
      token: targetNames.token,
      "ca-file": target.caFile,
      timeout: "30s",
      outputs: list.join("\n"),
    };
    const env = {
      ...job.env,
      ...job.inputsEnv(inputs),
      NODE_OPTIONS: `--require=${at("memory.cjs")}`,
      BENCH_MEMORY_FILE: at("memory"),
    };
    const { result, measured } = await measure(target, () => runBundle("join.cjs", { env }));
    if (result.status !== 0) {
      const how = result.status ?? result.signal;
      throw new Error(
        `join.cjs with ${outputs.length} outputs ended with ${how}:\n${result.stdout}${result.stderr}`,
      );
    }
    return { ...measured, peakKilobytes: Number(readFileSync(at("memory"), "utf8")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How long the keys of these outputs take on their own: RSA for databases, P-256 for all others and for the bot. */
async function keysAlone(outputs: readonly string[]): Promise<number> {
  const started = performance.now();
  const ofOutputs = outputs.map((output) =>
    output === database
      ? makeKeyPair("rsa", { modulusLength: 2048 })
      : makeKeyPair("ec", { namedCurve: "P-256" }),
  );
  await Promise.all([makeKeyPair("ec", { namedCurve: "P-256" }), ...ofOutputs]);
  return performance.now() - started;
}

async function row(load: Load, target: Target, roundTripMs: number, runs: number): Promise<string[]> {
  const measured: MeasuredOutputs[] = [];
  const keys: number[] = [];
  for (let run = 0; run < runs; run++) {
    measured.push(await joinOnce(target, load.outputs));
    keys.push(await keysAlone(load.outputs));
  }
  const walls = measured.map(({ wallMs }) => wallMs);
  const roundTrips = Math.min(...measured.map((each) => each.roundTrips));
  // Without a delay flights cannot be told apart.
  const far = roundTripMs > 0;
  return [
    `${roundTripMs} ms`,
    load.name,
    msRange(walls),
    far ? String(roundTrips) : "",
    ms(median(walls) - (far ? roundTrips * roundTripMs : 0)),
    ms(median(keys)),
    ms(median(measured.map(({ clusterCpuMs }) => clusterCpuMs))),
    String(Math.max(...measured.map(({ connections }) => connections))),
    `${(median(measured.map(({ peakKilobytes }) => peakKilobytes)) / 1000).toFixed(0)} MB`,
  ];
}

/** Prints what many outputs of one join cost at each distance. */
export async function benchOutputs(options: {
  runs: number;
  version: "14" | "18";
  distances: readonly number[];
  directory: string;
}): Promise<void> {
  const { directory, distances, runs, version } = options;
  const rows: string[][] = [];
  for (const roundTripMs of distances) {
    await using target = await startTarget({
      version,
      roundTripMs,
      directory: join(directory, `outputs-${roundTripMs}`),
    });
    target.emulator.addResources(parseResources(resources, "test/bench/outputs.ts"));
    // A cluster is warm; the client never is.
    await joinOnce(target, kinds);
    for (const load of loads) rows.push(await row(load, target, roundTripMs, runs));
  }
  printTable(
    "One join with many outputs",
    [
      "added round-trip time",
      "outputs",
      "wall time, median (range)",
      "round trips",
      "wall time beyond them",
      "keys alone",
      "CPU of the emulated cluster meanwhile",
      "connections",
      "peak memory",
    ],
    rows,
    [
      `Emulated Teleport ${version}, ${runs} runs each, the whole process from start to end. Kinds: identity, database (an RSA key), kubernetes, application, kubernetes/v2, ssh_host, in turn. "Keys alone" is what making as many keys of the same kinds takes with nothing else to do; client and cluster share this machine's processors.`,
    ],
  );
}
