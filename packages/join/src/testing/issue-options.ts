import type { Socket } from "node:net";
import type { AuthDialer } from "../impersonation.ts";
import type { IssueOptions } from "../output-certificates.ts";
import { recordedBot } from "./recorded.ts";

/** A dialer for what needs none. */
const noDialer: AuthDialer = {
  openTcp: () => Promise.resolve({} as Socket),
  openSession: () => Promise.reject(new Error("no session was expected")),
  postJson: () => Promise.reject(new Error("no request was expected")),
};

/** The options of the recorded bot without outputs, and whatever else a test wants. */
export function issueOptions(members: Partial<IssueOptions>): IssueOptions {
  return {
    bot: recordedBot(),
    outputs: [],
    dialer: noDialer,
    clock: { now: () => new Date("2026-11-22T04:31:50Z"), sleep: () => Promise.resolve() },
    signal: new AbortController().signal,
    ...members,
  };
}
