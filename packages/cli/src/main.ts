import { createProgram } from "./program.ts";
import { normalizeArguments } from "./tbot-arguments.ts";

// Output that nobody takes ends the command as a request to end would: it cleans up, and does not claim success. Only
// the first failure counts, since a second request would end the process at once.
process.stdout.on("error", () => {});
process.stdout.once("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE")
    process.stderr.write(`error: standard output cannot be written: ${error.message}\n`);
  process.exitCode ||= 1;
  process.kill(process.pid, "SIGTERM");
});

void createProgram().parseAsync(normalizeArguments(process.argv.slice(2)), { from: "user" });
