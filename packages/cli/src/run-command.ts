import { defuseCommands, exitStatus, failureText } from "@bot-join/runner";

/** Runs a command's action; whatever it throws is shown once, and its kind decides the exit status. */
export async function runCommand(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    process.stderr.write(`${defuseCommands(`error: ${failureText(error)}`)}\n`);
    process.exitCode = exitStatus(error);
  }
}

/** A signal that is aborted by Ctrl-C or by a request to end; the second Ctrl-C ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
