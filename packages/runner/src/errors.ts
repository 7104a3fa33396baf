import { BotJoinError } from "@bot-join/core";

/** Everything that can go wrong between the CI system and this process. */
export const runnerErrorCodes = ["ERR_INPUT_INVALID"] as const;

/** One of {@link runnerErrorCodes}. */
export type RunnerErrorCode = (typeof runnerErrorCodes)[number];

/** Tells what was wrong with what the CI system handed in. */
export class RunnerError extends BotJoinError<RunnerErrorCode> {}
