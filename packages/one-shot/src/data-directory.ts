import type { Secret } from "@bot-join/core";
import type { BotIdentity } from "@bot-join/join";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";

/** What a bot keeps from run to run: its own identity. Disposing of it lets other runs use the directory. */
export interface DataDirectory extends AsyncDisposable {
  /** Absolute; undefined when nothing is kept. */
  readonly path: string | undefined;
  /** Whether an earlier run's identity was found, be it of use or not. */
  readonly isFilled: boolean;
  /** When the identity that was found ended, if it had. */
  readonly expired: Date | undefined;
  /** Renews the identity that was found and keeps the new one; undefined when the bot has to join with the token. */
  renew(run: Run, connections: Connections, token: Secret | undefined): Promise<BotIdentity | undefined>;
  /** Keeps the identity that a join with this token gave. */
  keep(bot: BotIdentity, token: Secret): Promise<void>;
}

/** Opens what the plan names. */
export type OpenDataDirectory = (run: Run) => Promise<DataDirectory>;

/** For bots that prove themselves anew each time. */
export const nothingKept: DataDirectory = {
  path: undefined,
  isFilled: false,
  expired: undefined,
  renew: async () => undefined,
  keep: async () => {},
  [Symbol.asyncDispose]: async () => {},
};
