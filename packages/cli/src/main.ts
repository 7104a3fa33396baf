import { createProgram } from "./program.ts";

// Output that nobody takes ends the command as a request to end would: it cleans up, and does not claim success.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE")
    process.stderr.write(`error: standard output cannot be written: ${error.message}\n`);
  process.exitCode ||= 1;
  process.kill(process.pid, "SIGTERM");
});

void createProgram().parseAsync();
