import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { type Destination, openDirectory } from "./directory.ts";
import { OutputError } from "./errors.ts";
import type { OutputDeps } from "./output-deps.ts";
import { checkSshDirectory } from "./ssh-path.ts";

/**
 * Whether an output's directory and the files in it may be symbolic links: followed (`insecure`), or an error. The two secure
 * words differ in tbot where the system cannot tell; here it always can. Links above the directory are followed in any case.
 */
export type SymlinkPolicy = "insecure" | "try-secure" | "secure";

/**
 * Opens a directory for an output, before the network is touched. A relative path counts from the working directory. Throws
 * what opening a directory throws, and `ERR_OUTPUT_DIRECTORY_NAME`.
 */
export async function openDestination(
  path: string,
  deps: OutputDeps,
  { symlinks }: { symlinks: SymlinkPolicy } = { symlinks: "try-secure" },
): Promise<Destination> {
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
  if (symlinks !== "insecure") return openDirectory(directory, "output", deps);
  return openDirectory(await linkedDirectory(directory), "output", deps, { followsLinks: true });
}

/** Where a link in the directory's place leads. What leads nowhere stays as it is, for the opening to say so. */
function linkedDirectory(directory: string): Promise<string> {
  return realpath(directory).catch(() => directory);
}
