import type { Clock, Logger } from "@bot-join/core";
import { formatDuration } from "@bot-join/core";

/** Times the steps of a run and logs one line for each that is done. */
export class Steps {
  readonly #clock: Clock;
  readonly #log: Logger;
  #last: number;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    this.#last = clock.now().getTime();
  }

  /** Says that a step is done; the time is what passed since the step before. */
  done(text: string): void {
    const now = this.#clock.now().getTime();
    this.#log.info(`${text} (${formatDuration(Math.max(0, now - this.#last))})`);
    this.#last = now;
  }
}
