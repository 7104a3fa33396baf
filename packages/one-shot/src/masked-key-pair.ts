import { createKeyPair, type KeyPair, type KeyType } from "@bot-join/join";
import type { Run } from "./context.ts";

/** Makes a key pair and has it masked before anything else sees it. */
export async function createMaskedKeyPair({ context }: Run, keyType: KeyType): Promise<KeyPair> {
  const keyPair = await createKeyPair(keyType);
  context.runner.mask(keyPair.privateKeyPem);
  return keyPair;
}
