import { readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf } from "./map-error.ts";

/** Tells whether a name stays below the folder that it is joined to: parts between slashes, none of them `..`. */
export function isSafeName(name: string): boolean {
  return name.split("/").every((part) => /^[^\\\0]+$/.test(part) && part !== "." && part !== "..");
}

/** The sub-folders that names lie in, `a` before `a/b`. */
export function subFolders(names: Iterable<string>): string[] {
  const folders = new Set<string>();
  for (const name of names) {
    const parts = name.split("/");
    for (let depth = 1; depth < parts.length; depth++) folders.add(parts.slice(0, depth).join("/"));
  }
  return [...folders];
}

/** Gives where a path leads when links in it and at its end are followed, also when nothing is at that place. */
export async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const place = join(await realpath(dirname(path)), basename(path));
  const target = await readlink(place).catch(() => undefined);
  return target === undefined ? place : followLinks(resolve(dirname(place), target));
}
