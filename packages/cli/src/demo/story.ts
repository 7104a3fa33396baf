import type { EmulatorEvent } from "@bot-join/emulator";

/** What the emulated cluster says of one attempt to join. */
export type JoinEvent = Extract<EmulatorEvent, { type: "join" }>;

/** The lines of a job's log as GitHub shows them: without the commands to the runner. */
export function jobLog(stdout: string): string[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("::add-mask::"))
    .map((line) => line.replace(/^::(\w+)[^:]*::/, "$1: ").replaceAll("%0A", "\n   |   "));
}

/** Tells rule by rule why the last join was let in or refused. */
export function explainAdmission(events: JoinEvent[], token: string): string[] {
  const event = events.at(-1);
  if (event === undefined) return ["the cluster saw no join"];
  const lines = (event.trace?.rules ?? []).map(({ index, matched, fields }) => {
    const compared = fields.map(
      (field) =>
        `${field.field} is ${field.found ?? "absent"}${field.matched ? "" : `, not ${field.wanted}`}`,
    );
    return `rule ${index + 1} of token ${token} ${matched ? "matches" : "does not match"}: ${compared.join("; ")}`;
  });
  return [
    ...lines,
    event.outcome === "accepted"
      ? `so the job is the bot ${event.bot ?? "?"}`
      : `refused: ${event.message ?? "?"}`,
  ];
}
