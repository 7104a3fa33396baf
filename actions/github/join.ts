import { join } from "node:path";
import { main } from "@bot-join/one-shot";
import { createGitHubRunner, findDropIn } from "@bot-join/runner";

const runner = createGitHubRunner();
// The folders beside this file start it with the name of their action.
const action = process.argv[2];
// A log that cannot be written any more must not end the process in the middle: files would be left behind.
process.stdout.on("error", () => {});
const cancelled = new AbortController();
// A cancelled job gets SIGINT, and SIGTERM some seconds later: time enough to leave nothing behind.
process.once("SIGINT", () => cancelled.abort());
process.once("SIGTERM", () => cancelled.abort());

main({
  runner,
  dropIn: action === undefined ? undefined : findDropIn(action),
  signal: cancelled.signal,
  sshProxy: { kind: "bundle", node: process.execPath, script: join(__dirname, "ssh-proxy.cjs") },
  platform: process.platform,
  workingDirectory: process.cwd(),
}).catch((error: unknown) => runner.fail(error));
