/**
 * Builds executables of the command line that need no Node: `npm run binaries [-- --targets linux-x64,... --out DIR]`.
 * Each gets a compressed form and a line in SHA256SUMS; a table of sizes goes to standard output.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { buildBinary } from "./binaries/build-binary.ts";
import { withoutSignature } from "./binaries/code-signature.ts";
import { fetchRuntime } from "./binaries/fetch-runtime.ts";
import { readMachine } from "./binaries/read-machine.ts";
import { ownTarget, type Target, targets } from "./binaries/targets.ts";
import { buildBundles } from "./bundle.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Looks targets up by name. Throws on a name that is none. */
function chosen(names: string[]): Target[] {
  return names.map((name) => {
    const target = targets[name];
    if (target === undefined)
      throw new Error(`there is no target ${name}; these are: ${Object.keys(targets).join(", ")}`);
    return target;
  });
}

/**
 * Reads an executable, without a signature that the bundle in it has broken. Throws when it is not for its target's machine,
 * or could not start there.
 */
function readExecutable(path: string, target: Target): Buffer {
  const bytes = readFileSync(path);
  const { signature, ...machine } = readMachine(bytes);
  if (!isDeepStrictEqual(machine, target.machine))
    throw new Error(`${target.file} is for ${JSON.stringify(machine)}`);
  if (signature === undefined || signature === "valid") return bytes;
  // An Intel processor, or what stands for one, runs a program without a signature, and none with a wrong one.
  if (machine.cpu === "arm64") throw new Error(`the signature of ${target.file} is not valid: ${signature}`);
  return signature === "broken" ? withoutSignature(bytes) : bytes;
}

/** Builds the executables of the named targets into a folder. Throws when one cannot be made. */
export async function buildBinaries(names: string[], out: string): Promise<string[]> {
  const wanted = chosen(names);
  const own = ownTarget();
  if (own === undefined) throw new Error(`there is no Bun for ${process.platform} ${process.arch}`);
  const program = (await buildBundles(["bot-join"])).get("bot-join.cjs");
  if (program === undefined) throw new TypeError("a bundle without its file");
  const work = mkdtempSync(join(tmpdir(), "bot-join-binaries-"));
  try {
    mkdirSync(out, { recursive: true });
    const compiler = fetchRuntime(own, join(work, "runtimes"));
    return wanted.map((target) => {
      const runtime = target === own ? compiler : fetchRuntime(target, join(work, "runtimes"));
      const built = buildBinary(target, { program, compiler, runtime }, join(work, target.file));
      const path = join(out, target.file);
      writeFileSync(path, readExecutable(built, target), { mode: 0o755 });
      rmSync(join(work, target.file), { recursive: true });
      return path;
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const megabytes = (size: number): string => `${(size / 1e6).toFixed(1)} MB`;

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      targets: { type: "string", default: Object.keys(targets).join(",") },
      out: { type: "string", default: join(root, "release", "binaries") },
    },
  });
  const out = resolve(values.out);
  const sums: string[] = [];
  console.log("| file | size | gzip -9 |\n|---|---|---|");
  for (const path of await buildBinaries(values.targets.split(","), out)) {
    const bytes = readFileSync(path);
    const packed = gzipSync(bytes, { level: 9 });
    writeFileSync(`${path}.gz`, packed);
    const name = path.slice(out.length + 1);
    for (const [file, content] of [
      [name, bytes],
      [`${name}.gz`, packed],
    ] as const) {
      sums.push(`${createHash("sha256").update(content).digest("hex")}  ${file}\n`);
    }
    console.log(`| \`${name}\` | ${megabytes(bytes.length)} | ${megabytes(packed.length)} |`);
  }
  writeFileSync(join(out, "SHA256SUMS"), sums.join(""));
}
