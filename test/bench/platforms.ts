import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { platformCases } from "../e2e/platforms/all.ts";
import type { PlatformCase } from "../e2e/platforms/platform-case.ts";
import { root, type ServedRelease, serveRelease, startPlatformJob } from "../e2e/platforms/platform-job.ts";
import { tempDir } from "../support/temp-dir.ts";
import { findTool } from "../support/tools.ts";
import { kB, median, ms, msRange, printTable } from "./report.ts";
import { createTimekeepers, type WrapperTimes } from "./timekeepers.ts";

/** What a job with tbot downloads, as platform-plugins.md section 9 has it. */
const documented: readonly [what: string, size: string][] = [
  ["Teleport's tarball, which holds tbot", "150 to 250 MB, documented"],
  ["`tbot` alone, in 2023", "60 MB, documented; needs glibc"],
];

function requireProgram(name: string): string {
  const path = findTool(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

/** Runs a case once. Throws when its job fails; undefined when its wrapper cannot be kept time of. */
async function measure(
  platformCase: PlatformCase,
  release: ServedRelease,
): Promise<WrapperTimes | undefined> {
  using folder = tempDir();
  const keepers = createTimekeepers(folder.path, {
    tr: requireProgram("tr"),
    ssh: requireProgram("ssh"),
    node: process.execPath,
  });
  await using job = await startPlatformJob(platformCase, release, requireProgram("sshd"));
  job.environment["PATH"] = `${keepers.folder}:${job.environment["PATH"] ?? ""}`;
  const { exitCode, output } = await platformCase.run(job);
  if (exitCode !== 0)
    throw new Error(`the job ended with ${exitCode}: ${output.trimEnd().split("\n").at(-1)}`);
  return keepers.read();
}

async function row(platformCase: PlatformCase, release: ServedRelease, runs: number): Promise<string[]> {
  const { name } = platformCase;
  try {
    const all: WrapperTimes[] = [];
    for (let run = 0; run < runs; run++) {
      const times = await measure(platformCase, release);
      if (times === undefined) return [name, "no shell wrapper: see the table of joins", "", "", ""];
      all.push(times);
    }
    const shares = all.map(({ totalMs, joinMs }) => (totalMs - joinMs) / totalMs);
    return [
      name,
      msRange(all.map(({ totalMs }) => totalMs)),
      ms(median(all.map(({ joinMs }) => joinMs))),
      ms(median(all.map(({ totalMs, joinMs }) => totalMs - joinMs))),
      `${(100 * median(shares)).toFixed(0)} %`,
    ];
  } catch (error) {
    const [line = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return [name, `failed: ${line.replaceAll("|", "\\|")}`, "", "", ""];
  }
}

/** Bytes as a release has them, and what gzip makes of them. */
function sizeRow(what: string, files: readonly string[]): string[] {
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const packed = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  return [what, kB(bytes), kB(packed)];
}

function sizeRows(release: ServedRelease): string[][] {
  const binaries = join(root, "release/binaries");
  const names = existsSync(binaries)
    ? readdirSync(binaries).filter((name) => name.startsWith("bot-join-"))
    : [];
  return [
    sizeRow("bundle, for jobs with Node", [
      join(release.path, "programs/bot-join.cjs"),
      join(release.path, "programs/ssh-proxy.cjs"),
    ]),
    ...names
      .filter((name) => !name.endsWith(".gz"))
      .sort()
      .map((name) => sizeRow(`\`${name}\``, [join(binaries, name)])),
    ...documented.map(([what, size]) => [what, size, ""]),
  ];
}

/** Prints what each platform's wrapper takes and what its jobs download. */
export async function benchPlatforms({ runs }: { runs: number }): Promise<void> {
  await using release = await serveRelease();
  const rows: string[][] = [];
  for (const platformCase of platformCases) rows.push(await row(platformCase, release, runs));
  printTable(
    "From the wrapper's first line to exported variables",
    ["job", "in all, median (range)", "`bot-join start`", "the wrapper itself", "its share"],
    rows,
    [
      `${runs} runs each, of the jobs of examples/ with the packed release, against the emulator. From the first program that the wrapper runs until \`ssh\` is started; the download, from this machine, is part of the wrapper. Timekeepers on PATH add about 2 ms for each program they stand for.`,
    ],
  );
  printTable("What a job downloads", ["what", "size", "gzip"], sizeRows(release), [
    existsSync(join(root, "release/binaries"))
      ? "A job downloads the bundle or one binary, each once."
      : "No binaries are there: `npm run binaries` builds them.",
  ]);
}
