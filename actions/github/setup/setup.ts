import { createGitHubRunner } from "@bot-join/runner";
import { setUp } from "./set-up.ts";

/** How long the cluster may take to say its version, in milliseconds. */
const clusterTimeoutMs = 30_000;

const runner = createGitHubRunner();
setUp({
  runner,
  node: process.execPath,
  bundles: __dirname,
  system: process.platform,
  cpu: process.arch,
  signal: AbortSignal.timeout(clusterTimeoutMs),
}).catch((error: unknown) => runner.fail(error));
