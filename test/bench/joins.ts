import { join } from "node:path";
import { type MeasuredJoin, measureJoin } from "./measure-join.ts";
import { median, ms, msRange, printTable } from "./report.ts";
import { startTarget, type Target, targetNames } from "./target.ts";
import { leftOut, type TbotProgram } from "./tbot.ts";

type Measured = Omit<MeasuredJoin, "outputs">;

/** A client that joins once and writes one identity output. */
interface Client {
  name: string;
  join(target: Target): Promise<Measured>;
}

async function row(client: Client, target: Target, roundTripMs: number, runs: number): Promise<string[]> {
  const measured: Measured[] = [];
  try {
    for (let run = 0; run < runs; run++) measured.push(await client.join(target));
  } catch (error) {
    const [line = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return [`${roundTripMs} ms`, client.name, `failed: ${line.replaceAll("|", "\\|")}`, "", "", ""];
  }
  return [
    `${roundTripMs} ms`,
    client.name,
    msRange(measured.map(({ wallMs }) => wallMs)),
    // Without a delay flights cannot be told apart; with one, a count is never too low.
    roundTripMs === 0 ? "" : String(Math.min(...measured.map(({ roundTrips }) => roundTrips))),
    String(Math.max(...measured.map(({ connections }) => connections))),
    ms(median(measured.map(({ clusterCpuMs }) => clusterCpuMs))),
  ];
}

/** Prints what one join with one identity output costs at each distance. */
export async function benchJoins(options: {
  runs: number;
  version: "14" | "18";
  distances: readonly number[];
  directory: string;
  tbot: TbotProgram | undefined;
}): Promise<void> {
  const { directory, tbot, version } = options;
  const clients: Client[] = [
    { name: "bot-join", join: (target) => measureJoin(target) },
    {
      name: "bot-join, `roles` given",
      join: (target) => measureJoin(target, { roles: targetNames.role }),
    },
    ...(tbot === undefined ? [] : [{ name: tbot.name, join: (target: Target) => tbot.join(target) }]),
  ];
  const rows: string[][] = [];
  for (const roundTripMs of options.distances) {
    await using target = await startTarget({
      version,
      roundTripMs,
      directory: join(directory, `join-${roundTripMs}`),
    });
    // A cluster is warm; the client never is.
    await measureJoin(target);
    for (const client of clients) rows.push(await row(client, target, roundTripMs, options.runs));
  }
  printTable(
    "One join with one identity output",
    [
      "added round-trip time",
      "client",
      "wall time, median (range)",
      "round trips",
      "connections",
      "CPU of the emulated cluster meanwhile",
    ],
    rows,
    [
      `Emulated Teleport ${version}, ${options.runs} runs each, the whole process from start to end. Budgets: 6 round trips (5 with \`roles\`), 2 connections. Round trips are the smallest count of the runs: a count is never too low, and at a short distance computing can add to it.`,
      tbot === undefined ? leftOut : tbot.note,
    ],
  );
}
