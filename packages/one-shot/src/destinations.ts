import { type Destination, openDestination, systemDeps } from "@bot-join/outputs";
import { saveCleanup } from "./cleanup.ts";
import type { Run } from "./context.ts";

/** An output's folder, and the output's place in the plan. */
interface Opened {
  destination: Destination;
  index: number;
}

/** The folders of all outputs, locked for this run; disposing releases them and removes what was made in vain. */
export class Destinations implements AsyncDisposable {
  readonly #opened: Opened[] = [];

  /** In the order in which they were opened, which is the one to take them back in from its end. */
  get all(): readonly Opened[] {
    return this.#opened;
  }

  add(opened: Opened): void {
    this.#opened.push(opened);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { destination } of this.#opened.toReversed()) await destination[Symbol.asyncDispose]();
  }
}

/** Opens every output's folder before the network is touched. Throws an OutputError, with nothing left behind. */
export async function openDestinations(run: Run): Promise<Destinations> {
  const destinations = new Destinations();
  const folders = run.plan.outputs.flatMap(({ destination }, index) =>
    destination.kind === "directory" ? [{ ...destination, index }] : [],
  );
  // One may lie in another: the outer one comes first, and so is the one that made what both lie in.
  folders.sort((a, b) => a.path.length - b.path.length);
  try {
    for (const { path, symlinks, index } of folders) {
      destinations.add({ destination: await openDestination(path, systemDeps(), { symlinks }), index });
    }
    // From here on there are folders and locks: a job that is killed must find them at its end.
    saveCleanup(
      run,
      destinations.all.map(({ destination }) => destination.manifest()),
    );
  } catch (error) {
    await destinations[Symbol.asyncDispose]();
    throw error;
  }
  return destinations;
}
