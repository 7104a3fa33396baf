import type { BotIdentity, KeyType, RegisterOptions } from "@bot-join/join";
import { registerOverJoinService } from "@bot-join/join/auth";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";
import { createMaskedKeyPair } from "./masked-key-pair.ts";
import { retrying } from "./retrying.ts";

/**
 * Joins over gRPC, with the kind of key that the cluster asks for; a plan for RSA keys stays with these. `isSafe` and
 * `meanwhile` are as for a join over HTTP.
 */
export function joinOverService(
  run: Run,
  connections: Connections,
  options: Omit<RegisterOptions, "keyPair">,
  keyType: KeyType,
  isSafe: (error: unknown) => boolean,
  meanwhile: () => unknown,
): Promise<BotIdentity> {
  const createKeyPair = (wanted: KeyType): ReturnType<typeof createMaskedKeyPair> =>
    createMaskedKeyPair(run, keyType === "rsa-2048" ? keyType : wanted);
  const join = async (): Promise<BotIdentity> => {
    const socket = await connections.takeJoinService();
    const answer = registerOverJoinService(connections.dialer, socket, { ...options, createKeyPair });
    meanwhile();
    return answer;
  };
  return retrying(run, "Joining", join, isSafe);
}
