import type { Clock } from "@bot-join/core";
import type { AuthSession } from "./auth-session.ts";
import type { BotIdentity } from "./bot-identity.ts";
import type { Impersonations } from "./impersonation.ts";

/** Makes one call and converts its failure; `what` says what it does. */
export type Attempt = <T>(what: string, call: Promise<T>) => Promise<T>;

/** What the outputs of one join share while their certificates are asked for. */
export interface IssueContext {
  bot: BotIdentity;
  /** The bot's own, which certificates are asked of. */
  session: AuthSession;
  /** What outputs get that name no roles. */
  defaultRoles: string[];
  signal: AbortSignal;
  clock: Clock;
  attempt: Attempt;
  serverVersion: {
    /** Undefined until the server has said it. */
    known: string | undefined;
    asked: Promise<string>;
  };
  /** What the roles allow and the bot itself does not. */
  impersonations: Impersonations;
}

/** The roles that an output gets. */
export function rolesOf({ defaultRoles }: IssueContext, { roles }: { roles: string[] }): string[] {
  return roles.length > 0 ? roles : defaultRoles;
}
