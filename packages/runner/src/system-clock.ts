import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "@bot-join/core";

/** The longest wait that Node's timers know, in milliseconds; a longer one would end at once. */
const longestWaitMs = 2 ** 31 - 1;

/** The clock of this process; everything below `runner` is given it as a parameter. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    try {
      await wait(Math.min(ms, longestWaitMs), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // Node rejects with an error of its own; the caller is promised the signal's reason.
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
