import { generateKeyPair, generateKeyPairSync, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { KeyKind } from "../profiles/version-profile.ts";

const generate = promisify(generateKeyPair);

/** Makes a private key at once; RSA blocks for a tenth of a second or more. */
export function createPrivateKeySync(kind: KeyKind): KeyObject {
  if (kind === "ed25519") return generateKeyPairSync("ed25519").privateKey;
  if (kind === "p256") return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
}

/** Makes a private key without blocking. */
export async function createPrivateKey(kind: KeyKind): Promise<KeyObject> {
  if (kind === "ed25519") return (await generate("ed25519")).privateKey;
  if (kind === "p256") return (await generate("ec", { namedCurve: "P-256" })).privateKey;
  return (await generate("rsa", { modulusLength: 2048 })).privateKey;
}
