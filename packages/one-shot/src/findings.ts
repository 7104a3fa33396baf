import { formatDuration } from "@bot-join/core";
import type { BotIdentity, IssuedOutputs } from "@bot-join/join";
import type { Run } from "./context.ts";
import { outputLabel } from "./output-label.ts";

/** Servers date certificates back by this much (user-certs.md section 3.2), in milliseconds. */
const backdatedMs = 60_000;

/** A skew below this is nobody's concern, in milliseconds. */
const clockToleranceMs = 60_000;

/** The first release line whose proxies route Kubernetes by path (outputs.md section 6.4). */
const pathRoutingSince = 17;

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
  for (const [index, output] of issued.outputs.entries()) {
    const planned = plan.outputs[index];
    if (planned === undefined) throw new TypeError("certificates without an output");
    const where = plan.outputs.length > 1 ? `For ${outputLabel(planned)}: ` : "";
    if (output.type === "identity" && output.certificates.identity.usableLogins.length === 0) {
      log.warn(
        `${where}The certificate for ${output.roles.join(", ")} holds no login, so ssh will be refused. Usual causes: the roles have no logins, ` +
          `or they take them from {{internal.logins}} and the bot's trait "logins" is empty (tctl bots update ${bot.identity.botName} --add-logins=...).`,
      );
    }
    if (output.type === "database" && output.protocol === "mongodb" && planned.type === "database") {
      if (planned.username === "") log.warn(`${where}MongoDB wants a username, and the output gives none.`);
    }
    if (output.type === "kubernetes/v2" && Number.parseInt(issued.serverVersion, 10) < pathRoutingSince) {
      log.warn(
        `${where}Proxies of Teleport ${issued.serverVersion} may not know the addresses of a kubernetes/v2 output and answer 404: use kubernetes outputs there.`,
      );
    }
    for (const labels of output.type === "kubernetes/v2" ? output.unmatchedLabels : []) {
      log.warn(
        `${where}No Kubernetes cluster that the bot may see has the labels ${JSON.stringify(labels)}: kubeconfig.yaml has none for them.`,
      );
    }
    const askedMs = planned.credentialTtlMs ?? plan.certificateTtlMs;
    const shorterMs = now + askedMs - output.notAfter.getTime();
    if (shorterMs > Math.max(5000, askedMs / 10)) {
      log.warn(
        `${where}The cluster shortened the lifetime from ${formatDuration(askedMs)} to ${formatDuration(Math.max(0, output.notAfter.getTime() - now))}: the max_session_ttl of a role, or the cluster's own limit for bots, is smaller.`,
      );
    }
  }
}
