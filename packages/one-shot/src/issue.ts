import type { BotIdentity, KeyType } from "@bot-join/join";
import { type IssuedOutputs, issueOutputs, openAuthSession } from "@bot-join/join/auth";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";
import { sendHeartbeat } from "./heartbeat.ts";
import { createMaskedKeyPair } from "./masked-key-pair.ts";
import { formatTime } from "./report.ts";
import { retrying } from "./retrying.ts";

/**
 * Asks the Auth Service for the certificates of every output, all in flight together, and one heartbeat with them. The
 * session stays open to the end of the run, so that the heartbeat may be answered later than the rest.
 */
export async function issueCertificates(
  run: Run,
  connections: Connections,
  bot: BotIdentity,
  keyType: KeyType,
): Promise<IssuedOutputs> {
  const { plan, context, signal } = run;
  const outputs = await Promise.all(
    plan.outputs.map(async (output) => ({ ...output, keyPair: await createMaskedKeyPair(run, keyType) })),
  );
  const expires = new Date(context.clock.now().getTime() + plan.certificateTtlMs);
  let isAlive = false;
  const issued = await retrying(run, "Asking for certificates", async () => {
    const session = await openAuthSession(connections.dialer, await connections.takeTcp(), bot);
    connections.keep(session.channel);
    const meanwhile = (): void => {
      if (!isAlive) void sendHeartbeat(run, session, bot);
      isAlive = true;
    };
    return issueOutputs(session, { bot, outputs, expires, signal, meanwhile });
  });
  const [first] = issued.outputs;
  if (first !== undefined) {
    run.steps.done(
      `Certificates for ${first.identity.roles.join(", ")}, good until ${formatTime(first.notAfter)}`,
    );
  }
  return issued;
}
