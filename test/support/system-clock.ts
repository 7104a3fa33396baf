import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@bot-join/core";

/** The machine's own clock, which TLS judges certificates by whatever a test would like. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};
