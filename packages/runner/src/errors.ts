import { BotJoinError } from "@bot-join/core";

/** Everything that can go wrong between the CI system and this process. */
export const runnerErrorCodes = [
  "ERR_INPUT_INVALID",
  "ERR_EXPORT_FILE",
  "ERR_EXPORT_VALUE",
  "ERR_RUNNER_AGENT",
  "ERR_STATE_DIRECTORY",
] as const;

/** One of {@link runnerErrorCodes}. */
export type RunnerErrorCode = (typeof runnerErrorCodes)[number];

/** Tells what was wrong with what the CI system handed in. */
export class RunnerError extends BotJoinError<RunnerErrorCode> {}
