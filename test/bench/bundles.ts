import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundlePath } from "../support/run-bundle.ts";
import { runTimed } from "./child.ts";
import { kB, median, ms, printTable } from "./report.ts";

/**
 * How each bundle is started so that it loads, and ends before it does anything. A bundle runs when it is loaded,
 * so there is no loading it alone; what it does on top is small beside the load. `join.cjs` without inputs ends with
 * the message that they are missing, `ssh-proxy.cjs` without arguments with the message that they are,
 * `cleanup.cjs` without state has nothing to clean up, `bot-join.cjs` prints its version.
 */
const bundles: readonly {
  name: string;
  args: string[];
  status: number;
  sizeBudget?: string;
  loadBudget?: string;
}[] = [
  { name: "join.cjs", args: [], status: 1, sizeBudget: "500 kB", loadBudget: "40 ms" },
  { name: "cleanup.cjs", args: [], status: 0 },
  { name: "ssh-proxy.cjs", args: [], status: 1, sizeBudget: "200 kB", loadBudget: "20 ms" },
  { name: "bot-join.cjs", args: ["--version"], status: 0 },
];

const startTimeoutMs = 20_000;

/** Prints the size of each bundle and the time that it takes to load. */
export async function benchBundles(options: { pairs: number; directory: string }): Promise<void> {
  // An empty file, not `-e 0`: the bundle is a file as well, and Node prepares more for `-e`.
  const empty = join(options.directory, "empty.cjs");
  writeFileSync(empty, "");
  const start = async (args: string[], expected: number): Promise<number> => {
    const child = await runTimed(process.execPath, args, { env: {}, timeoutMs: startTimeoutMs });
    if (child.status !== expected)
      throw new Error(`node ${args.join(" ")} ended with ${child.status}:\n${child.stderr}`);
    return child.wallMs;
  };
  const rows: string[][] = [];
  const bare: number[] = [];
  for (const { name, args, status, sizeBudget, loadBudget } of bundles) {
    const beyond: number[] = [];
    for (let pair = 0; pair < options.pairs; pair++) {
      // In pairs, so that whatever else the machine does meanwhile meets both alike.
      const without = await start([empty], 0);
      bare.push(without);
      beyond.push((await start([bundlePath(name), ...args], status)) - without);
    }
    const bytes = readFileSync(bundlePath(name));
    rows.push([
      `\`${name}\``,
      kB(bytes.length),
      sizeBudget ?? "",
      kB(gzipSync(bytes, { level: 9 }).length),
      ms(median(beyond)),
      loadBudget ?? "",
    ]);
  }
  printTable("Bundles", ["bundle", "size", "budget", "gzip", "load beyond bare Node", "aim"], rows, [
    `Bare Node ${process.versions.node} (an empty file) takes ${ms(median(bare))} from start to end. Load time: median of ${options.pairs} paired differences. Sizes are enforced by test/budgets.test.ts, times are not.`,
  ]);
}
