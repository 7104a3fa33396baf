export type { Clock } from "./clock.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export {
  BotJoinError,
  type BotJoinErrorOptions,
  describeError,
  type ErrorKind,
  isBotJoinError,
} from "./error.ts";
export { type Logger, silentLogger } from "./logger.ts";
export { encodePem, type PemBlock, parsePem } from "./pem.ts";
export {
  defaultRetryPolicy,
  type FailedAttempt,
  type RetryOptions,
  type RetryPolicy,
  retry,
} from "./retry.ts";
export { maskableParts, Secret } from "./secret.ts";
export { nearestSpelling } from "./spelling.ts";
