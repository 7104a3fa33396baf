import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { type Clock, defaultRetryPolicy, type Logger, type Secret } from "@bot-join/core";
import type { IdTokenDeps } from "./types.ts";

/** The moment that tests call now. */
export const testNow: Date = new Date("2026-11-22T10:00:00Z");

/** A credential that must never be seen in any text. */
export const requestToken = "request-credential-4f1d9c";

/** The audience that github and gcp ask for. */
export const testAudience = "teleport.cluster.local";

/** Builds an unsigned token; its claims are valid at {@link testNow} unless overridden. */
export function makeToken(claims: Record<string, unknown> = {}): string {
  const now = testNow.getTime() / 1000;
  const payload = {
    sub: "repo:octo/app:ref:refs/heads/main",
    aud: testAudience,
    iat: now,
    exp: now + 300,
    ...claims,
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", kid: "1" })}.${part(payload)}.c2lnbmF0dXJlLW9mLXRlc3Q`;
}

/** A clock on which waits for another try pass at once, and waits for a time limit only by `expire`. */
export interface FakeClock extends Clock {
  /** Waits that passed, in milliseconds. */
  readonly waited: number[];
  expire(): void;
}

/** Creates a {@link FakeClock}; waits of 10 s and more are time limits. */
export function createFakeClock(now: Date = testNow): FakeClock {
  const limits = new Set<() => void>();
  const waited: number[] = [];
  return {
    waited,
    now: () => now,
    expire: () => {
      for (const end of limits) end();
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      if (ms < 10_000) {
        waited.push(ms);
        return;
      }
      await new Promise<void>((resolve, reject) => {
        limits.add(resolve);
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
  };
}

/** What a test sees of a call: the log and, in order, the secrets that were masked. */
export interface TestDeps extends IdTokenDeps {
  clock: FakeClock;
  log: string[];
  secrets: string[];
}

/** Creates dependencies that record; `random` takes no jitter away. */
export function createTestDeps(overrides: Partial<IdTokenDeps> & { clock?: FakeClock } = {}): TestDeps {
  const log: string[] = [];
  const secrets: string[] = [];
  const write = (message: string): void => void log.push(message);
  const logger: Logger = { debug: write, info: write, warn: write };
  return {
    clock: createFakeClock(),
    logger,
    random: () => 0,
    retryPolicy: defaultRetryPolicy,
    signal: new AbortController().signal,
    onSecret: (secret: Secret) => void secrets.push(secret.reveal()),
    log,
    secrets,
    ...overrides,
  };
}

/** Gives everything that anybody could print of a thrown value: message, hint, details, stack, causes, JSON. */
export function everythingOf(error: unknown): string {
  return [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), String(error)].join("\n");
}

/** Awaits a failure and gives what was thrown. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("no failure");
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A loopback token endpoint. */
export interface TestEndpoint extends AsyncDisposable {
  /** As `ACTIONS_ID_TOKEN_REQUEST_URL` would hold it. */
  url: string;
  requests: { path: string; authorization: string | undefined; accept: string | undefined }[];
  received: IncomingMessage[];
}

/** Starts an endpoint that gives one answer after the other, the last one again and again. */
export async function startEndpoint(...answers: Answer[]): Promise<TestEndpoint> {
  const requests: TestEndpoint["requests"] = [];
  const received: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    received.push(request);
    const { authorization, accept } = request.headers;
    requests.push({ path: request.url ?? "", authorization, accept });
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token?api-version=2.0`,
    requests,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with a status, a body and headers. */
export function reply(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, {
      "content-type": "application/json",
      date: testNow.toUTCString(),
      ...headers,
    });
    response.end(body);
  };
}

/** Checks that no text holds the token, the credential or what a runner or an agent would take for a command. */
export function findLeaks(token: string, ...texts: string[]): string[] {
  const marks = [requestToken, ...token.split(".").filter((part) => part.length > 10)];
  const forbidden = [...marks.map((mark) => mark.slice(0, 20)), "##[", "##vso["];
  return texts.filter((text) => forbidden.some((mark) => text.includes(mark)) || /^\s*::/m.test(text));
}
