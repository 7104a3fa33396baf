import type { BotIdentity, KeyType } from "@bot-join/join";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";
import type { DataDirectory } from "./data-directory.ts";
import { tokenMissing } from "./errors.ts";
import { joinCluster } from "./join-cluster.ts";
import type { Proof } from "./proof.ts";

/**
 * Becomes a bot: renews the identity that an earlier run kept, or joins with the proof. The new identity is kept before
 * anything is asked for with it, for a bot that loses its latest identity is locked. `meanwhile` starts once a request to
 * join is on its way.
 */
export async function joinAsBot(
  run: Run,
  connections: Connections,
  proof: Proof,
  data: DataDirectory,
  keyType: KeyType,
  meanwhile: () => unknown,
): Promise<BotIdentity> {
  const { token, idToken } = proof;
  const renewed = await data.renew(run, connections, token);
  if (renewed !== undefined) return renewed;
  if (token === undefined) throw tokenMissing("nothing is kept");
  const bot = await joinCluster(run, connections, { token, idToken }, data, keyType, meanwhile);
  await data.keep(bot, token);
  run.steps.done(`Joined ${bot.identity.cluster} as bot ${bot.identity.botName}`);
  return bot;
}
