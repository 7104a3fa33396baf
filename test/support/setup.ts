import { afterAll } from "vitest";
import { runningEmulators } from "./running-emulators.ts";

// Registered before any hook of a test file, so it runs after them.
afterAll(async () => {
  const left = [...runningEmulators];
  await Promise.all(left.map((emulator) => emulator[Symbol.asyncDispose]()));
  if (left.length > 0) {
    throw new Error(
      `emulators were not disposed of: ${left.map((emulator) => emulator.proxyAddress).join(", ")}`,
    );
  }
});
