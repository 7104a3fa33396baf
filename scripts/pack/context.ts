import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** What every platform's package is made from. */
export interface PackContext {
  /** Folder of the repository. */
  root: string;
  /** The version that is published, without `v`. */
  version: string;
  /** actions/shell/bot-join.sh with the version and the checksums filled in. */
  shellCore: string;
  /** Reads a text file of the repository. */
  read(path: string): string;
  /** File name → bytes: the bundles, and the binaries that were built. */
  programs: ReadonlyMap<string, Uint8Array>;
}

/** Path below release/<platform>/ → content. What starts with `#!` is written as a program. */
export type PackedFiles = Map<string, string | Uint8Array>;

/** The bundles that a job downloads; every other one is part of a platform's own package. */
const downloadedBundles = ["bot-join.cjs", "ssh-proxy.cjs"];

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Lines as `sha256sum --check` reads them, by file name. */
export function checksumLines(files: ReadonlyMap<string, string | Uint8Array>): string {
  return [...files]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, content]) => `${sha256(content)}  ${name}`)
    .join("\n");
}

/** The programs that the shell core may download, by file name; it takes the compressed form where it can unpack that. */
export function downloadedPrograms(programs: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const bundles = [...programs].filter(([name]) => downloadedBundles.includes(name));
  const compressed = bundles.map(([name, content]): [string, Uint8Array] => [
    `${name}.gz`,
    compress(content),
  ]);
  const binaries = [...programs].filter(([name]) => name.startsWith("bot-join-"));
  return new Map([...bundles, ...compressed, ...binaries]);
}

function compress(content: Uint8Array): Uint8Array {
  const compressed = gzipSync(content, { level: 9 });
  // Which system wrote it would differ from one to the next (RFC 1952 section 2.3.1: 255 is unknown).
  compressed[9] = 255;
  return compressed;
}

function readFolder(folder: string, isWanted: (name: string) => boolean): [string, Uint8Array][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(isWanted)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name))]);
}

/** Throws when one of the placeholders is not there. */
function fillShellCore(text: string, version: string, checksums: string): string {
  for (const placeholder of ["@BOT_JOIN_VERSION@", "@BOT_JOIN_CHECKSUMS@"])
    if (!text.includes(placeholder)) throw new Error(`actions/shell/bot-join.sh has no ${placeholder}`);
  return text.replaceAll("@BOT_JOIN_VERSION@", version).replaceAll("@BOT_JOIN_CHECKSUMS@", checksums);
}

/** Reads the programs that were built: bundles, and binaries, whose folder need not exist. */
export function readPrograms(bundles: string, binaries: string): Map<string, Uint8Array> {
  return new Map([
    ...readFolder(bundles, (name) => name.endsWith(".cjs")),
    ...readFolder(binaries, (name) => name.startsWith("bot-join-")),
  ]);
}

/** Prepares what platforms are packed from. Throws when a bundle that jobs download is not among the programs. */
export function createPackContext(root: string, programs: ReadonlyMap<string, Uint8Array>): PackContext {
  const read = (path: string): string => readFileSync(join(root, path), "utf8").replaceAll("\r\n", "\n");
  for (const name of downloadedBundles)
    if (!programs.has(name)) throw new Error(`there is no bundle ${name} to pack. Run: npm run bundle`);
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const checksums = checksumLines(downloadedPrograms(programs));
  return {
    root,
    version,
    shellCore: fillShellCore(read("actions/shell/bot-join.sh"), version, checksums),
    read,
    programs,
  };
}
