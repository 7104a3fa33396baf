import { mkdir, stat } from "node:fs/promises";
import { checkIsFolder, checkNotShared, lookAt } from "./folder.ts";
import { mapFileError } from "./map-error.ts";
import type { OutputDeps } from "./output-deps.ts";

/**
 * Makes a folder for some of an output's files, mode 0700, or finds one that nobody else can write to. Tells whether it was
 * made. Throws `ERR_OUTPUT_DIRECTORY_IS_FILE`, `ERR_OUTPUT_DIRECTORY_IS_LINK` unless links are followed,
 * `ERR_OUTPUT_DIRECTORY_SHARED` and the codes of a failed write.
 */
export async function prepareSubFolder(
  folder: string,
  deps: OutputDeps,
  followsLinks: boolean,
): Promise<boolean> {
  try {
    if ((await lookAt(folder)) === undefined) {
      await mkdir(folder, 0o700);
      return true;
    }
    const found = followsLinks ? await stat(folder, { bigint: true }) : await lookAt(folder);
    checkNotShared(folder, checkIsFolder(folder, found, "output"), deps, "output");
    return false;
  } catch (error) {
    throw mapFileError(error, `Making the output directory ${folder}`);
  }
}
