import {
  describeError,
  type FailedAttempt,
  formatDuration,
  isBotJoinError,
  retry,
  Secret,
} from "@bot-join/core";
import { IdTokenError } from "./errors.ts";
import { explainMissingRequest } from "./github-explain.ts";
import { BodyTooLongError, type HttpAnswer, httpGet } from "./http-get.ts";
import { loadGitHubContext } from "./load-github-context.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { IdTokenDeps, IdTokenRequest, Platform, RawIdToken } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** How long one try may take, in milliseconds; the runner's own library waits minutes, which costs the job. */
const requestTimeoutMs = 10_000;

/** The longest answer of the token endpoint that is read, in bytes; real ones have 2 to 5 KiB. */
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

/** GitHub Actions, also of GitHub Enterprise Server (id-tokens.md section 2.1). */
export const github: Platform = {
  name: "github",
  detect: (environment) => (environment["GITHUB_ACTIONS"] === "true" ? "GITHUB_ACTIONS is true" : undefined),
  fetchToken: fetchGitHubToken,
};

async function fetchGitHubToken(request: IdTokenRequest, deps: IdTokenDeps): Promise<RawIdToken> {
  const address = request.platform["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "";
  const bearer = new Secret(request.platform["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "");
  if (bearer.reveal() !== "") deps.onSecret(bearer);
  if (address === "" || bearer.reveal() === "") {
    throw explainMissingRequest(request.platform, await loadGitHubContext(request.platform));
  }
  const url = requestUrl(address, request.audience);
  const what = `an ID token of GitHub Actions from ${url.host}`;
  return retry(
    async () => readAnswer(await requestToken(url, bearer, what, deps), bearer, what, deps),
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

function requestUrl(address: string, audience: string): URL {
  const separator = address.includes("?") ? "&" : "?";
  const text = `${address}${separator}audience=${encodeURIComponent(audience)}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new IdTokenError({
    code: "ERR_IDTOKEN_REQUEST_VARIABLES",
    kind: "user",
    message: `The variable ACTIONS_ID_TOKEN_REQUEST_URL holds "${quoteUntrusted(address)}", which is not an http or https address.`,
    hint: "The runner sets this variable; remove whatever sets it in the workflow or on the runner.",
  });
}

async function requestToken(url: URL, bearer: Secret, what: string, deps: IdTokenDeps): Promise<HttpAnswer> {
  try {
    return await httpGet(url, {
      headers: {
        Authorization: `Bearer ${bearer.reveal()}`,
        Accept: "application/json; api-version=2.0",
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
    if (error instanceof BodyTooLongError) throw invalidAnswer(what, describeError(error), error);
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const reason = quoteUntrusted(describeError(error), [bearer]) || code;
    throw new IdTokenError({
      code: "ERR_IDTOKEN_REQUEST_FAILED",
      kind: "network",
      message: `Requesting ${what} failed: ${reason}.`,
      hint: "Check that the runner reaches this address. HTTPS_PROXY and NO_PROXY are obeyed; for a certificate of your own set NODE_EXTRA_CA_CERTS.",
      retryable: passingFailures.has(code),
      cause: error,
    });
  }
}

/** Takes the token out of a good answer, or says what the answer was instead. */
function readAnswer(answer: HttpAnswer, bearer: Secret, what: string, deps: IdTokenDeps): RawIdToken {
  if (answer.status !== 200) throw refusal(answer, bearer, what, deps);
  const type = quoteUntrusted(answer.headers["content-type"] ?? "no content type");
  const described = `HTTP 200 with ${Buffer.byteLength(answer.body)} bytes (${type})`;
  const parsed = parseJsonObject(answer.body);
  // The body is never quoted here: a damaged answer may hold most of a token.
  if (parsed === undefined) throw invalidAnswer(what, `${described} that are not a JSON object`);
  const value = parsed["value"];
  if (typeof value !== "string" || value === "") {
    throw invalidAnswer(what, `${described} without a text at "value"`);
  }
  const token = new Secret(value);
  deps.onSecret(token);
  const serverDate = new Date(answer.headers.date ?? Number.NaN);
  const known = !Number.isNaN(serverDate.getTime());
  return { token, source: "GitHub Actions", ...(known ? { serverDate } : {}) };
}

function refusal(answer: HttpAnswer, bearer: Secret, what: string, deps: IdTokenDeps): IdTokenError {
  const { status } = answer;
  const explanation = parseJsonObject(answer.body)?.["message"];
  const text = quoteUntrusted(typeof explanation === "string" ? explanation : answer.body, [bearer]);
  const came = `HTTP ${status}${text === "" ? "" : `, "${text}"`}`;
  if (status === 429 || status >= 500) {
    const waitMs = retryAfterMs(answer.headers["retry-after"], deps.clock.now());
    return new IdTokenError({
      code: "ERR_IDTOKEN_REQUEST_FAILED",
      kind: "network",
      message: `Requesting ${what} got ${came}.`,
      hint: "GitHub could not serve the request just now: run the job again, and look at githubstatus.com if it persists.",
      retryable: true,
      details: waitMs === undefined ? {} : { retryAfterMs: waitMs },
    });
  }
  if (status >= 400) {
    return new IdTokenError({
      code: "ERR_IDTOKEN_REQUEST_REFUSED",
      kind: "denied",
      message: `Requesting ${what} was refused: ${came}.`,
      hint: "The credential of this request belongs to one running job: check that the job itself has the permission id-token: write, and that ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN were not carried over from another job.",
    });
  }
  // A redirect is not followed: the credential must not go to another address.
  return invalidAnswer(what, `HTTP ${status}`);
}

function invalidAnswer(what: string, came: string, cause?: unknown): IdTokenError {
  return new IdTokenError({
    code: "ERR_IDTOKEN_RESPONSE_INVALID",
    kind: "network",
    message: `Requesting ${what} got an answer that cannot be used: ${came}.`,
    hint: "Something between the runner and GitHub seems to answer in its place (a proxy or a login page). Check what ACTIONS_ID_TOKEN_REQUEST_URL leads to from the runner.",
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
