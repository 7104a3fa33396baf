import { afterAll } from "vitest";
import { disposeRunningEmulators, runningEmulators } from "./emulator.ts";

afterAll(async () => {
  const left = runningEmulators();
  await disposeRunningEmulators();
  if (left.length > 0) throw new Error(`emulators were not disposed of: ${left.join(", ")}`);
});
