import { join } from "node:path";
import { main } from "@bot-join/one-shot";
import { createAzureRunner, failureText } from "@bot-join/runner";

// A log that cannot be written any more must not end the process in the middle: files would be left behind.
process.stdout.on("error", () => {});
const cancelled = new AbortController();
// A cancelled job gets SIGINT, and SIGTERM some seconds later: time enough to leave nothing behind.
process.once("SIGINT", () => cancelled.abort());
process.once("SIGTERM", () => cancelled.abort());

async function joinAsTask(): Promise<void> {
  const runner = await createAzureRunner();
  try {
    await main({
      runner,
      signal: cancelled.signal,
      sshProxy: { kind: "bundle", node: process.execPath, script: join(__dirname, "ssh-proxy.cjs") },
      platform: process.platform,
      workingDirectory: process.cwd(),
    });
  } catch (error) {
    runner.fail(error);
  }
}

joinAsTask().catch((error: unknown) => {
  console.error(failureText(error));
  process.exitCode = 1;
});
