import { BotJoinError } from "@bot-join/core";

/** Every code of a {@link FormatError}; each has a section in docs/errors.md. */
export const formatErrorCodes = [
  "ERR_FORMAT_SSH_WIRE",
  "ERR_FORMAT_SSH_KEY",
  "ERR_FORMAT_SSH_CERTIFICATE",
  "ERR_FORMAT_KNOWN_HOSTS_PATTERN",
  "ERR_FORMAT_X509",
  "ERR_FORMAT_IDENTITY",
  "ERR_FORMAT_CA_PIN",
  "ERR_FORMAT_CA_PIN_MISMATCH",
] as const;

/** One of {@link formatErrorCodes}. */
export type FormatErrorCode = (typeof formatErrorCodes)[number];

/** Reports bytes or text that are not what their format demands, or a value that a format cannot hold. */
export class FormatError extends BotJoinError<FormatErrorCode> {}

/** Makes the error for bytes that came from elsewhere and break their format. */
export function malformed(code: FormatErrorCode, message: string, cause?: unknown): FormatError {
  return new FormatError({ code, kind: "cluster", message, cause });
}

/** Shows foreign text in a message: escaped, and no more of it than helps. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
