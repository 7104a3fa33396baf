import { describeError } from "@bot-join/core";
import { type BotIdentity, JoinError } from "@bot-join/join";
import { type AuthSession, submitHeartbeat } from "@bot-join/join/auth";
import { clientVersion } from "./client-version.ts";
import type { Run } from "./context.ts";

/**
 * Tells the cluster about this run, on a session that is open anyway. Nobody waits for it and nothing depends on it: a refusal
 * is a warning, a connection that ends first is not even that. Servers whose certificates name no bot instance keep no
 * heartbeats.
 */
export async function sendHeartbeat(
  { plan, context, signal, startedAt }: Run,
  session: AuthSession,
  bot: BotIdentity,
): Promise<void> {
  if (bot.identity.botInstanceId === undefined) return;
  const now = context.clock.now();
  const heartbeat = {
    version: clientVersion,
    hostName: context.hostName,
    architecture: context.architecture,
    platform: context.platform,
    joinMethod: plan.joinMethod.name,
    uptimeMs: Math.max(0, now.getTime() - startedAt.getTime()),
    now,
    services: plan.outputs.map(({ type, name }, index) => ({
      type,
      name: name ?? `${type.replace("/", "-")}-${index + 1}`,
      reason: "Sent while its certificates were asked for; a one-shot run sends no second heartbeat.",
    })),
  };
  const { log } = context.runner;
  try {
    await submitHeartbeat(session, bot, heartbeat, signal);
  } catch (error) {
    const text = `The heartbeat of this run was not taken, which does no harm to the job: ${describeError(error)}`;
    if (error instanceof JoinError) log.warn(text);
    else log.debug(text);
  }
}
