import { join } from "node:path";
import { main } from "@bot-join/one-shot";
import { createGitHubRunner } from "@bot-join/runner";

const runner = createGitHubRunner();
// A log that cannot be written any more must not end the process in the middle: files would be left behind.
process.stdout.on("error", () => {});
const cancelled = new AbortController();
// A cancelled job gets SIGINT, and SIGTERM some seconds later: time enough to leave nothing behind.
process.once("SIGINT", () => cancelled.abort());
process.once("SIGTERM", () => cancelled.abort());

main({
  runner,
  signal: cancelled.signal,
  sshProxyScript: join(__dirname, "ssh-proxy.cjs"),
  node: process.execPath,
  platform: process.platform,
  workingDirectory: process.cwd(),
}).catch((error: unknown) => runner.fail(error));
