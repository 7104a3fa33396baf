import {
  describeError,
  type FailedAttempt,
  formatDuration,
  isBotJoinError,
  retry,
  Secret,
} from "@bot-join/core";
import { IdTokenError } from "./errors.ts";
import { BodyTooLongError, type HttpAnswer, httpRequest } from "./http-request.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { IdTokenDeps, RawIdToken } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** How long one try may take, in milliseconds; GitHub's own library waits minutes, which costs the job. */
const requestTimeoutMs = 10_000;

/** The longest answer of a token endpoint that is read, in bytes; real ones have 2 to 5 KiB. */
export const maxAnswerBytes: number = 1024 * 1024;

/** Network failures that may be gone a moment later. */
const passingFailures = new Set([
  "ETIMEDOUT",
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** A token endpoint, how to ask it and how to read it. */
export interface TokenEndpoint {
  /** Whose token it gives, as sentences name it. */
  title: string;
  url: URL;
  method: "GET" | "POST";
  headers: Record<string, string>;
  /** Sent as a bearer and never shown. */
  credential?: Secret;
  /** Takes the token out of an answer of status 200; otherwise gives what is wrong with it, never quoting the answer. */
  read(answer: HttpAnswer): { token: string } | { fault: string };
  /** Statuses below 400 by which this endpoint refuses. */
  refusals?: readonly number[];
  /** What to change: when it cannot be reached, is overloaded, refuses, answers with something else. */
  hints: { unreachable: string; overloaded: string; refused: string; invalid: string };
}

/**
 * Asks a token endpoint: 10 s a try, tried again after timeouts, resets, 429 and 5xx, Retry-After obeyed, redirects
 * never followed. Throws `ERR_IDTOKEN_REQUEST_FAILED`, `ERR_IDTOKEN_REQUEST_REFUSED` or `ERR_IDTOKEN_RESPONSE_INVALID`.
 */
export async function requestToken(endpoint: TokenEndpoint, deps: IdTokenDeps): Promise<RawIdToken> {
  const what = `an ID token of ${endpoint.title} from ${endpoint.url.host}`;
  return retry(
    async () => readAnswer(await send(endpoint, what, deps), endpoint, what, deps),
    {
      policy: deps.retryPolicy,
      clock: deps.clock,
      random: deps.random,
      signal: deps.signal,
      isRetryable: (error) => isBotJoinError(error) && error.retryable,
      retryAfterMs: (error) =>
        isBotJoinError(error) ? numberOrNothing(error.details["retryAfterMs"]) : undefined,
      onRetry: (error, attempt, delayMs) =>
        deps.logger.info(`${describeError(error)} Try ${attempt + 1} follows in ${formatDuration(delayMs)}.`),
    },
    (last, attempts) => summarizeAttempts(last, attempts, what),
  );
}

/** Reads the token at a key of a JSON object. */
export function tokenAt(key: string): TokenEndpoint["read"] {
  return ({ body }) => {
    const parsed = parseJsonObject(body);
    if (parsed === undefined) return { fault: "that are not a JSON object" };
    const token = parsed[key];
    if (typeof token !== "string" || token === "") return { fault: `without a text at "${key}"` };
    return { token };
  };
}

async function send(endpoint: TokenEndpoint, what: string, deps: IdTokenDeps): Promise<HttpAnswer> {
  const { credential } = endpoint;
  try {
    return await httpRequest(endpoint.url, {
      method: endpoint.method,
      headers: {
        ...endpoint.headers,
        ...(credential === undefined ? {} : { Authorization: `Bearer ${credential.reveal()}` }),
        "User-Agent": "bot-join",
      },
      maxBytes: maxAnswerBytes,
      timeoutMs: requestTimeoutMs,
      clock: deps.clock,
      signal: deps.signal,
      openTunnel: deps.openTunnel,
    });
  } catch (error) {
    if (deps.signal.aborted || isBotJoinError(error)) throw error;
    if (error instanceof BodyTooLongError) throw invalidAnswer(endpoint, what, describeError(error), error);
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const reason = quoteUntrusted(describeError(error), secretsOf(endpoint)) || code;
    throw new IdTokenError({
      code: "ERR_IDTOKEN_REQUEST_FAILED",
      kind: "network",
      message: `Requesting ${what} failed: ${reason}.`,
      hint: endpoint.hints.unreachable,
      retryable: passingFailures.has(code),
      cause: error,
    });
  }
}

/** Takes the token out of a good answer, or says what the answer was instead. */
function readAnswer(
  answer: HttpAnswer,
  endpoint: TokenEndpoint,
  what: string,
  deps: IdTokenDeps,
): RawIdToken {
  if (answer.status !== 200) throw refusal(answer, endpoint, what, deps);
  const found = endpoint.read(answer);
  if ("fault" in found) {
    const type = quoteUntrusted(answer.headers["content-type"] ?? "no content type");
    // The body is never quoted here: a damaged answer may hold most of a token.
    const size = `${Buffer.byteLength(answer.body)} bytes (${type})`;
    throw invalidAnswer(endpoint, what, `HTTP 200 with ${size} ${found.fault}`);
  }
  const token = new Secret(found.token);
  deps.onSecret(token);
  const serverDate = new Date(answer.headers.date ?? Number.NaN);
  const known = !Number.isNaN(serverDate.getTime());
  return { token, source: endpoint.title, ...(known ? { serverDate } : {}) };
}

function refusal(
  { status, body, headers }: HttpAnswer,
  endpoint: TokenEndpoint,
  what: string,
  deps: IdTokenDeps,
): IdTokenError {
  const explanation = parseJsonObject(body)?.["message"];
  const text = quoteUntrusted(typeof explanation === "string" ? explanation : body, secretsOf(endpoint));
  const came = `HTTP ${status}${text === "" ? "" : `, "${text}"`}`;
  if (status === 429 || status >= 500) {
    const waitMs = retryAfterMs(headers["retry-after"], deps.clock.now());
    return new IdTokenError({
      code: "ERR_IDTOKEN_REQUEST_FAILED",
      kind: "network",
      message: `Requesting ${what} got ${came}.`,
      hint: endpoint.hints.overloaded,
      retryable: true,
      details: waitMs === undefined ? {} : { retryAfterMs: waitMs },
    });
  }
  if (status >= 400 || endpoint.refusals?.includes(status)) {
    return new IdTokenError({
      code: "ERR_IDTOKEN_REQUEST_REFUSED",
      kind: "denied",
      message: `Requesting ${what} was refused: ${came}.`,
      hint: endpoint.hints.refused,
    });
  }
  // A redirect is not followed: the credential must not go to another address.
  return invalidAnswer(endpoint, what, `HTTP ${status}`);
}

function invalidAnswer({ hints }: TokenEndpoint, what: string, came: string, cause?: unknown): IdTokenError {
  return new IdTokenError({
    code: "ERR_IDTOKEN_RESPONSE_INVALID",
    kind: "network",
    message: `Requesting ${what} got an answer that cannot be used: ${came}.`,
    hint: hints.invalid,
    cause,
  });
}

function summarizeAttempts(last: unknown, attempts: FailedAttempt[], what: string): unknown {
  if (!(last instanceof IdTokenError) || attempts.length < 2) return last;
  return new IdTokenError({
    code: last.code,
    kind: last.kind,
    message: [
      `Requesting ${what} failed ${attempts.length} times.`,
      ...attempts.map(
        ({ attempt, message }) => `Try ${attempt} ${message.replace(`Requesting ${what} `, "")}`,
      ),
    ].join("\n"),
    ...(last.hint === undefined ? {} : { hint: last.hint }),
    details: { attempts },
    cause: last,
  });
}

function secretsOf({ credential }: TokenEndpoint): Secret[] {
  return credential === undefined ? [] : [credential];
}

function parseJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    // Not kept as a cause: Node's message quotes the text around the fault.
    return undefined;
  }
}

function numberOrNothing(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
