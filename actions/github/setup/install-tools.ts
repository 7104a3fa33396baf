import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDir, extractTar, extractZip, find } from "@actions/tool-cache";
import type { Archive } from "./archive.ts";
import { downloadVerified } from "./download.ts";
import { SetupError } from "./errors.ts";
import type { Tool } from "./parse-inputs.ts";

/** Tools that are ready to run. */
export interface InstalledTools {
  /** Folders for PATH. */
  folders: string[];
  /** Whether nothing had to be downloaded. */
  cached: boolean;
}

/** Downloads, checks and unpacks an archive into the tool cache. */
async function fill(archive: Archive, baseUrl: string, cpu: string): Promise<string> {
  const file = await downloadVerified(baseUrl, archive.file);
  try {
    const unpacked = await (archive.kind === "zip" ? extractZip(file) : extractTar(file));
    const folder = await cacheDir(unpacked, archive.product, archive.version, cpu);
    await rm(unpacked, { recursive: true });
    return folder;
  } finally {
    await rm(file, { force: true });
  }
}

/** Finds a program in an unpacked archive: the folder that it lies in. On macOS it may be within an application. */
async function folderOf(tool: Tool, root: string, archive: Archive): Promise<string> {
  const name = archive.kind === "zip" ? `${tool}.exe` : tool;
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const [program] = entries
    .filter((entry) => entry.name === name && entry.isFile())
    .sort((one, other) => one.parentPath.length - other.parentPath.length);
  if (program !== undefined) return dirname(join(program.parentPath, name));
  throw new SetupError({
    code: "ERR_SETUP_ARCHIVE",
    kind: "user",
    message: `${archive.file} holds no ${name}.`,
    hint: "Not every version has every tool: tbot exists since Teleport 9, and for Windows since 17. Leave it out of the input tools.",
  });
}

/** Puts tools into the runner's tool cache, where an earlier job may have left them. Throws a {@link SetupError}. */
export async function installTools(
  tools: readonly Tool[],
  options: { archive: Archive; baseUrl: string; cpu: string },
): Promise<InstalledTools> {
  const { archive, baseUrl, cpu } = options;
  const kept = find(archive.product, archive.version, cpu);
  const root = kept === "" ? await fill(archive, baseUrl, cpu) : kept;
  const folders = await Promise.all(tools.map((tool) => folderOf(tool, root, archive)));
  return { folders: [...new Set(folders)], cached: kept !== "" };
}
