import { type Destination, openDestination, systemDeps } from "@bot-join/outputs";
import { saveCleanup } from "./cleanup.ts";
import type { Run } from "./context.ts";

/** The folders of all outputs, locked for this run; disposing releases them and removes what was made in vain. */
export class Destinations implements AsyncDisposable {
  readonly #opened: (Destination | undefined)[] = [];

  /** In the order of the plan's outputs; undefined for an output that stays in memory. */
  get all(): readonly (Destination | undefined)[] {
    return this.#opened;
  }

  /** Those that there are. */
  get directories(): Destination[] {
    return this.#opened.filter((destination) => destination !== undefined);
  }

  add(destination: Destination | undefined): void {
    this.#opened.push(destination);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const destination of this.directories.toReversed()) await destination[Symbol.asyncDispose]();
  }
}

/** Opens every output's folder before the network is touched. Throws an OutputError, with nothing left behind. */
export async function openDestinations(run: Run): Promise<Destinations> {
  const destinations = new Destinations();
  try {
    for (const { destination } of run.plan.outputs) {
      destinations.add(
        destination.kind === "directory"
          ? await openDestination(destination.path, systemDeps(), { symlinks: destination.symlinks })
          : undefined,
      );
    }
    // From here on there are folders and locks: a job that is killed must find them at its end.
    saveCleanup(
      run,
      destinations.directories.map((destination) => destination.manifest()),
    );
  } catch (error) {
    await destinations[Symbol.asyncDispose]();
    throw error;
  }
  return destinations;
}
