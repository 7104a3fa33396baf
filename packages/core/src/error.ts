/**
 * Who can do something about an error: the `user` who wrote the pipeline, whoever the cluster `denied`,
 * the `network` between, the `cluster` itself, or us (`internal`).
 */
export type ErrorKind = "user" | "denied" | "network" | "cluster" | "internal";

/** What an error is made of. */
export interface BotJoinErrorOptions<Code extends string = string> {
  /** Stable identifier, `ERR_<AREA>_<WHAT>`; each has a section in docs/errors.md. */
  code: Code;
  kind: ErrorKind;
  /** What was attempted, against what, what came back. Never holds a secret. */
  message: string;
  /** What to change. */
  hint?: string;
  /** Whether the same attempt may succeed a moment later. Default false. */
  retryable?: boolean;
  /** Facts for machines and for a longer report; never secrets. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** The base of every error that bot-join reports on purpose; each package adds a subclass with its own codes. */
export class BotJoinError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: BotJoinErrorOptions<Code>) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.kind = options.kind;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** Tells a {@link BotJoinError} by its shape, so that two copies of this package recognise each other's. */
export function isBotJoinError(value: unknown): value is BotJoinError {
  return value instanceof Error && "code" in value && "kind" in value && "retryable" in value;
}

/** Turns any thrown value into one line of text. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(describeError).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}
