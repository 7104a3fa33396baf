import { resolve } from "node:path";
import { type Destination, openDirectory } from "./directory.ts";
import { OutputError } from "./errors.ts";
import type { OutputDeps } from "./output-deps.ts";
import { checkSshDirectory } from "./ssh-path.ts";

/**
 * Opens a directory for an output, before the network is touched. A relative path counts from the working directory. Throws
 * what opening a directory throws, and `ERR_OUTPUT_DIRECTORY_NAME`.
 */
export async function openDestination(path: string, deps: OutputDeps): Promise<Destination> {
  if (path.trim() === "") {
    throw new OutputError({
      code: "ERR_OUTPUT_DIRECTORY_NAME",
      kind: "user",
      message: "The output directory is an empty path.",
      hint: "Give the path of a directory, or leave the input directory out.",
    });
  }
  const directory = resolve(path);
  checkSshDirectory(directory);
  return openDirectory(directory, "output", deps);
}
