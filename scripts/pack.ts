/**
 * Packs what is published into release/: a folder for each platform, the programs that jobs download, and the
 * checksums of all of it. The same sources give the same bytes. `node scripts/pack.ts [--out DIR] [--bundles DIR]
 * [--binaries DIR]`; the bundles are those of dist/ unless said otherwise, the binaries those of release/binaries.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { packAnyCi } from "./pack/any-ci.ts";
import { packAzureDevops } from "./pack/azure-devops.ts";
import { packBitbucket } from "./pack/bitbucket.ts";
import { packCircleci } from "./pack/circleci.ts";
import {
  checksumLines,
  createPackContext,
  downloadedPrograms,
  type PackContext,
  type PackedFiles,
  readPrograms,
} from "./pack/context.ts";
import { packEnv0 } from "./pack/env0.ts";
import { packGithub } from "./pack/github.ts";
import { packGitlab } from "./pack/gitlab.ts";
import { packSpacelift } from "./pack/spacelift.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folder below release/ → what packs it. */
const platforms: Readonly<Record<string, (context: PackContext) => Promise<PackedFiles>>> = {
  "any-ci": packAnyCi,
  "azure-devops": packAzureDevops,
  bitbucket: packBitbucket,
  circleci: packCircleci,
  env0: packEnv0,
  github: packGithub,
  gitlab: packGitlab,
  spacelift: packSpacelift,
};

/** Writes a folder anew, so that nothing of an earlier release stays in it. */
function writeFolder(folder: string, files: PackedFiles): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    const isProgram = typeof content === "string" && content.startsWith("#!");
    writeFileSync(file, content, { mode: isProgram ? 0o755 : 0o644 });
  }
}

/**
 * Writes a release, of all platforms or of some, into a folder, and gives its files by their paths below it. Throws when
 * a platform is none of the table's.
 */
export async function packRelease(
  out: string,
  programs: ReadonlyMap<string, Uint8Array>,
  names: readonly string[] = Object.keys(platforms),
): Promise<PackedFiles> {
  const context = createPackContext(root, programs);
  const folders = new Map<string, PackedFiles>();
  for (const name of names) {
    const pack = platforms[name];
    if (pack === undefined) throw new Error(`there is no platform named ${name}`);
    folders.set(name, await pack(context));
  }
  folders.set("programs", downloadedPrograms(programs));
  const released: PackedFiles = new Map();
  for (const [folder, files] of folders) {
    writeFolder(join(out, folder), files);
    for (const [path, content] of files) released.set(`${folder}/${path}`, content);
  }
  const checksums = `${checksumLines(released)}\n`;
  writeFileSync(join(out, "checksums.txt"), checksums);
  return released.set("checksums.txt", checksums);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: join(root, "release") },
      bundles: { type: "string", default: join(root, "dist") },
      binaries: { type: "string", default: join(root, "release", "binaries") },
    },
  });
  const programs = readPrograms(resolve(values.bundles), resolve(values.binaries));
  if (![...programs.keys()].some((name) => name.startsWith("bot-join-")))
    console.error(
      `No binaries in ${values.binaries}: the packages will say so in jobs without Node. To have them: npm run binaries, then npm run pack.`,
    );
  for (const [path, content] of await packRelease(resolve(values.out), programs))
    console.log(`${path}\t${Buffer.byteLength(content)} bytes`);
}
