/**
 * Measures what a user waits for, against the emulator, and prints Markdown tables. `npm run bench -- --help`.
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tempDir } from "../support/temp-dir.ts";
import { benchBundles } from "./bundles.ts";
import { benchJoins } from "./joins.ts";
import { benchOutputs } from "./outputs.ts";
import { benchPlatforms } from "./platforms.ts";
import { benchSsh } from "./ssh.ts";
import { openTbot } from "./tbot.ts";
import { benchTokens } from "./tokens.ts";

const help = `npm run bench -- [options]

  --runs N       measurements of each kind, the median is shown (default 5)
  --version V    emulated Teleport: 14 or 18 (default 18)
  --only TOPICS  some of: joins, bundles, ssh, tokens, platforms, outputs (comma-separated; default all)
  --tbot PATH    runs this tbot beside our client`;

/** Added round-trip times, in milliseconds. */
const distances = [0, 20, 100];

const topics = ["joins", "bundles", "ssh", "tokens", "platforms", "outputs"];

/** Loads of a bundle for each run of the slower measurements: they are short, and vary more. */
const pairsPerRun = 4;

function readOptions(): { runs: number; version: "14" | "18"; only: string[]; tbot: string | undefined } {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "5" },
      version: { type: "string", default: "18" },
      only: { type: "string", default: topics.join(",") },
      tbot: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    console.log(help);
    process.exit(0);
  }
  const { version } = values;
  const runs = Number(values.runs);
  const only = values.only.split(",");
  if (version !== "14" && version !== "18") throw new TypeError(`--version ${version}: 14 or 18 is meant`);
  if (!Number.isInteger(runs) || runs < 1)
    throw new TypeError(`--runs ${values.runs}: a whole number from 1 is meant`);
  const unknown = only.filter((topic) => !topics.includes(topic));
  if (unknown.length > 0) throw new TypeError(`--only ${unknown.join(",")}: ${topics.join(", ")} are meant`);
  return { runs, version, only, tbot: values.tbot };
}

function optionsOrHelp(): ReturnType<typeof readOptions> {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`);
    process.exit(2);
  }
}

const { runs, version, only, tbot: tbotPath } = optionsOrHelp();
const tbot = tbotPath === undefined ? undefined : await openTbot(tbotPath);
using folder = tempDir();
const directory = folder.path;
// Children get the signal of a Ctrl-C as well; what is left to do here is to remove the keys that joins wrote.
process.once("SIGINT", () => {
  folder[Symbol.dispose]();
  process.exit(130);
});
const [cpu] = cpus();
console.log(
  `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model ?? "?"}`,
);
if (only.includes("joins"))
  await benchJoins({ runs, version, distances, directory: join(directory, "joins"), tbot });
if (only.includes("bundles")) await benchBundles({ pairs: runs * pairsPerRun, directory });
if (only.includes("ssh")) await benchSsh({ runs, version, distances, directory: join(directory, "ssh") });
if (only.includes("tokens")) await benchTokens({ runs, version, directory: join(directory, "tokens") });
if (only.includes("platforms")) await benchPlatforms({ runs });
if (only.includes("outputs"))
  await benchOutputs({ runs, version, distances, directory: join(directory, "outputs") });
