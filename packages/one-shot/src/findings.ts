import { formatDuration } from "@bot-join/core";
import type { BotIdentity, IssuedOutputs } from "@bot-join/join";
import type { Run } from "./context.ts";

/** Servers date certificates back by this much (user-certs.md section 3.2), in milliseconds. */
const backdatedMs = 60_000;

/** A skew below this is nobody's concern, in milliseconds. */
const clockToleranceMs = 60_000;

/** Says what is legal but will surprise: no usable login, clocks apart, a lifetime much shorter than asked for. */
export function warnOfFindings({ plan, context }: Run, bot: BotIdentity, issued: IssuedOutputs): void {
  const { log } = context.runner;
  const now = context.clock.now().getTime();
  const skewMs = bot.notBefore.getTime() + backdatedMs - now;
  if (Math.abs(skewMs) > clockToleranceMs) {
    log.warn(
      `This machine's clock is ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? "behind" : "ahead of"} the cluster's; certificates may look expired or not yet valid.`,
    );
  }
  for (const { identity, notAfter } of issued.outputs) {
    if (identity.usableLogins.length === 0) {
      log.warn(
        `The certificate for ${identity.roles.join(", ")} holds no login, so ssh will be refused. Usual causes: the roles have no logins, ` +
          `or they take them from {{internal.logins}} and the bot's trait "logins" is empty (tctl bots update ${bot.identity.botName} --add-logins=...).`,
      );
    }
    const shorterMs = now + plan.certificateTtlMs - notAfter.getTime();
    if (shorterMs > Math.max(5000, plan.certificateTtlMs / 10)) {
      log.warn(
        `The cluster shortened the lifetime from ${formatDuration(plan.certificateTtlMs)} to ${formatDuration(Math.max(0, notAfter.getTime() - now))}: the max_session_ttl of a role, or the cluster's own limit for bots, is smaller.`,
      );
    }
  }
}
