import { join } from "node:path";
import type { Destination } from "./directory.ts";
import { commitTogether } from "./write.ts";

/** An opened directory and the files that go there. */
export interface DestinationFiles {
  destination: Destination;
  files: ReadonlyMap<string, string | Uint8Array>;
}

/**
 * Writes all files of all outputs or none: what earlier runs left under the same names is there again after a failure. Gives
 * the absolute paths, in order. Throws what writing into one destination throws.
 */
export async function writeDestinations(outputs: DestinationFiles[]): Promise<string[]> {
  await commitTogether(
    outputs.map(
      ({ destination, files }) =>
        () =>
          destination.stage(files),
    ),
  );
  return outputs.flatMap(({ destination, files }) =>
    [...files.keys()].map((name) => join(destination.path, name)),
  );
}
