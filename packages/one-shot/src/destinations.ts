import { type Destination, openDestination, systemDeps } from "@bot-join/outputs";
import type { Run } from "./run.ts";

/** The folders of all outputs, locked for this run; disposing releases them and removes what was made in vain. */
export class Destinations implements AsyncDisposable {
  readonly #opened: Destination[] = [];

  /** In the order of the plan's outputs. */
  get all(): readonly Destination[] {
    return this.#opened;
  }

  add(destination: Destination): void {
    this.#opened.push(destination);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const destination of this.#opened.toReversed()) await destination[Symbol.asyncDispose]();
  }
}

/** Opens every output's folder before the network is touched. Throws an OutputError, with nothing left behind. */
export async function openDestinations({ plan }: Run): Promise<Destinations> {
  const destinations = new Destinations();
  try {
    for (const output of plan.outputs)
      destinations.add(await openDestination(output.directory, systemDeps()));
  } catch (error) {
    await destinations[Symbol.asyncDispose]();
    throw error;
  }
  return destinations;
}
