import { BotJoinError } from "@bot-join/core";

/** Every code of an {@link EmulatorError}; each has a section in docs/errors.md. */
export const emulatorErrorCodes = [
  "ERR_EMULATOR_LISTEN",
  "ERR_EMULATOR_RESOURCE_REFUSED",
  "ERR_EMULATOR_STATE",
] as const;

/** One of {@link emulatorErrorCodes}. */
export type EmulatorErrorCode = (typeof emulatorErrorCodes)[number];

/** Reports that the emulator was asked for something that it, or the server it stands for, cannot be given. */
export class EmulatorError extends BotJoinError<EmulatorErrorCode> {}
