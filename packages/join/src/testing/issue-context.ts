import type { Socket } from "node:net";
import type { WebAnswer } from "@bot-join/transport";
import { type AuthDialer, Impersonation, Impersonations } from "../impersonation.ts";
import type { IssueContext } from "../issue-context.ts";
import { rpcError } from "../rpc-refusal.ts";
import { recordedBot } from "./recorded.ts";
import { type AuthAnswers, memorySession } from "./session.ts";

/** What a test of one kind of output sees afterwards. */
export interface TestContext {
  context: IssueContext;
  /** Calls of the bot itself. */
  calls: string[];
  /** Calls with the bot's roles, in order, and with which roles sessions were opened. */
  impersonated: string[];
  /** Bodies sent to the HTTP API by path. */
  posted: Record<string, unknown>;
  waits: number[];
}

/** What a server of a version answers to the bot, to the bot with its roles, and over HTTP. */
export interface TestServer {
  version: string;
  bot?: AuthAnswers;
  impersonated?: AuthAnswers;
  http?: (body: unknown) => WebAnswer;
}

/** Makes the context of the recorded bot, whose own role gives it the role `ssh-access`. */
export function testContext({ version, bot = {}, impersonated = {}, http }: TestServer): TestContext {
  const identity = recordedBot();
  const { session, calls } = memorySession(bot);
  const other = memorySession(impersonated);
  const posted: Record<string, unknown> = {};
  const waits: number[] = [];
  const dialer: AuthDialer = {
    openTcp: () => Promise.resolve({} as Socket),
    openSession: () => Promise.resolve(other.session),
    postJson: async (_tcp, _identity, path, body) => {
      posted[path] = body;
      return http?.(body) ?? { status: 404, headers: {}, body: "404 page not found" };
    },
  };
  const { signal } = new AbortController();
  const context: IssueContext = {
    bot: identity,
    session,
    defaultRoles: ["ssh-access"],
    signal,
    clock: { now: () => new Date("2026-11-22T04:31:50Z"), sleep: async (ms) => void waits.push(ms) },
    attempt: async (what, call) => {
      try {
        return await call;
      } catch (error) {
        throw rpcError(error, what, identity, signal);
      }
    },
    serverVersion: { known: version, asked: Promise.resolve(version) },
    impersonations: new Impersonations((roles) => {
      other.calls.push(`session with ${roles.join(", ")}`);
      return new Impersonation(dialer, Promise.resolve(identity));
    }),
  };
  return { context, calls, impersonated: other.calls, posted, waits };
}
