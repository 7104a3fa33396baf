import {
  type BotIdentity,
  type IssuedOutputs,
  issueOutputs,
  type KeyType,
  openAuthSession,
} from "@bot-join/join";
import type { Connections } from "./connect.ts";
import { createMaskedKeyPair } from "./join-as-bot.ts";
import { formatTime } from "./report.ts";
import { retrying } from "./retrying.ts";
import type { Run } from "./run.ts";

/** Asks the Auth Service for the certificates of every output, all in flight together. */
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
  const issued = await retrying(run, "Asking for certificates", async () => {
    const session = await openAuthSession(connections.dialer, await connections.takeTcp(), bot);
    try {
      return await issueOutputs(session, { bot, outputs, expires, signal });
    } finally {
      session.channel.close();
    }
  });
  const [first] = issued.outputs;
  if (first !== undefined) {
    run.steps.done(
      `Certificates for ${first.identity.roles.join(", ")}, good until ${formatTime(first.notAfter)}`,
    );
  }
  return issued;
}
