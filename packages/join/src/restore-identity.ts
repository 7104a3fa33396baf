import { describeError, type Secret } from "@bot-join/core";
import { type BotCertificates, type BotIdentity, readBotIdentity } from "./bot-identity.ts";
import { JoinError } from "./errors.ts";
import { readKeyPair } from "./key-pair.ts";

/** Where a cluster's name stands in a bot's SSH certificate (outputs.md section 3.2). */
const clusterExtension = "teleport-route-to-cluster";

/**
 * Makes a bot's identity of what an earlier run kept, and checks it as a fresh one. `where` names the place, as the begin
 * of a sentence. Throws `ERR_JOIN_STORED_IDENTITY` or `ERR_JOIN_CA_PIN_MISMATCH`.
 */
export function restoreIdentity(
  certificates: BotCertificates,
  privateKeyPem: Secret,
  caPins: string[],
  where: string,
): BotIdentity {
  const useless = (what: string, cause?: unknown): JoinError =>
    new JoinError({
      code: "ERR_JOIN_STORED_IDENTITY",
      kind: "user",
      message: `${where} holds a bot's identity that is of no use: ${what}. Nothing in it was changed.`,
      hint: "Put the files back as they were, or give an empty directory and a new token.",
      cause,
    });
  const readKey = (): ReturnType<typeof readKeyPair> => {
    try {
      return readKeyPair(privateKeyPem);
    } catch (error) {
      throw useless(`its key cannot be read (${describeError(error)})`, error);
    }
  };
  const bot = readBotIdentity(certificates, readKey(), caPins, { where, useless });
  const { principals, extensions } = bot.sshCertificate;
  if (!principals.some((principal) => principal !== "") || extensions[clusterExtension] === undefined)
    throw useless("its SSH certificate is not a bot's");
  if (!bot.identity.renewable)
    throw useless("it cannot be renewed, since it was joined with another method than token");
  return bot;
}
