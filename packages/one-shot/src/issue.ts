import type { BotIdentity, IssuedOutputs, KeyPair } from "@bot-join/join";
import { createAuthDialer, issueOutputs, type OutputRequest, openAuthSession } from "@bot-join/join/auth";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";
import { sendHeartbeat } from "./heartbeat.ts";
import { outputLabel } from "./output-label.ts";
import { askProxySettings, type ProxySettings } from "./proxy-settings.ts";
import { formatTime } from "./report.ts";
import { retrying } from "./retrying.ts";

/** What the outputs are rendered from, apart from the bot. */
export interface Issued extends IssuedOutputs {
  /** Asked for only where an output needs it. */
  proxySettings: ProxySettings | undefined;
}

/**
 * Asks the Auth Service for the certificates of every output, all in flight together, and one heartbeat with them. The
 * session stays open to the end of the run, so that the heartbeat may be answered later than the rest. `keyPairs` come in the
 * order of the outputs; they are made while the bot still joins.
 */
export async function issueCertificates(
  run: Run,
  connections: Connections,
  bot: BotIdentity,
  keyPairs: Promise<KeyPair[]>,
): Promise<Issued> {
  const { plan, context, signal } = run;
  const { clock, runner } = context;
  let isAlive = false;
  const issued = await retrying(run, "Asking for certificates", async () => {
    const needSettings = plan.outputs.some(({ type }) => type === "kubernetes" || type === "kubernetes/v2");
    const asking = needSettings ? askProxySettings(run, connections) : undefined;
    // Whoever waits for it sees its failure; until then it is no unhandled rejection.
    asking?.catch(() => {});
    const session = await openAuthSession(connections.dialer, await connections.takeTcp(), bot);
    connections.keep(session.channel);
    const meanwhile = (): void => {
      if (!isAlive) void sendHeartbeat(run, session, bot);
      isAlive = true;
    };
    const outputs = outputRequests(run, await keyPairs);
    const dialer = createAuthDialer({
      dialer: connections.dialer,
      openTcp: () => connections.takeTcp(),
      keep: (channel) => connections.keep(channel),
      signal,
    });
    const answer = await issueOutputs(session, { bot, outputs, dialer, clock, signal, meanwhile });
    return { ...answer, proxySettings: await asking };
  });
  for (const output of issued.outputs) {
    if (output.type === "workload-identity-jwt") runner.mask(output.jwt);
  }
  run.steps.done(describeIssued(issued));
  return issued;
}

function outputRequests({ plan, context }: Run, keyPairs: KeyPair[]): OutputRequest[] {
  const now = context.clock.now().getTime();
  return plan.outputs.map((output, index) => {
    const keyPair = keyPairs[index];
    if (keyPair === undefined) throw new TypeError("an output without a key");
    const expires = new Date(now + (output.credentialTtlMs ?? plan.certificateTtlMs));
    return { ...output, keyPair, expires, label: outputLabel(output) };
  });
}

function describeIssued({ outputs }: IssuedOutputs): string {
  const [first] = outputs;
  const earliest = new Date(Math.min(...outputs.map(({ notAfter }) => notAfter.getTime())));
  const what = outputs.length === 1 ? `${first?.roles.join(", ")}` : `${outputs.length} outputs`;
  return `Certificates for ${what}, good until ${formatTime(earliest)}`;
}
