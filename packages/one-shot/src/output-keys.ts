import type { KeyPair, KeyType } from "@bot-join/join";
import type { Run } from "./context.ts";
import { createMaskedKeyPair } from "./masked-key-pair.ts";

/** Keys that are made at the same time: Node does it in a pool of four threads, and looking up a host name needs one, too. */
const workers = 3;

/** Makes a key pair for every output, in their order; database clients get RSA-2048 whatever the others get. */
export async function createOutputKeys(run: Run, keyType: KeyType): Promise<KeyPair[]> {
  const types = run.plan.outputs.map(({ type }) => (type === "database" ? "rsa-2048" : keyType));
  const keyPairs: KeyPair[] = [];
  const queue = types.entries();
  const work = async (): Promise<void> => {
    for (const [index, type] of queue) keyPairs[index] = await createMaskedKeyPair(run, type);
  };
  await Promise.all(Array.from({ length: workers }, work));
  return keyPairs;
}
