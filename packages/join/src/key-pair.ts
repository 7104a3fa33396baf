import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { Secret } from "@bot-join/core";
import { encodePublicKey, formatAuthorizedKey } from "@bot-join/formats";

const generate = promisify(generateKeyPair);

/** ECDSA P-256 everywhere, but RSA-2048 for clusters that accept nothing else (FIPS before 17). */
export type KeyType = "ecdsa-p256" | "rsa-2048";

/** A key with every form of it that Teleport or a tool asks for. */
export interface KeyPair {
  type: KeyType;
  publicKey: KeyObject;
  /** PKCS#8 for ECDSA and PKCS#1 for RSA: the forms that OpenSSH and every Teleport tool read (outputs.md section 2.2). */
  privateKeyPem: Secret;
  /** `PUBLIC KEY` PEM (RFC 5280 SubjectPublicKeyInfo). */
  publicKeyPem: string;
  /** authorized_keys form without newline. */
  publicKeyLine: string;
}

/** Makes a fresh key pair. */
export async function createKeyPair(type: KeyType): Promise<KeyPair> {
  const { publicKey, privateKey } =
    type === "rsa-2048"
      ? await generate("rsa", { modulusLength: 2048 })
      : await generate("ec", { namedCurve: "P-256" });
  const privatePem =
    type === "rsa-2048"
      ? privateKey.export({ type: "pkcs1", format: "pem" })
      : privateKey.export({ type: "pkcs8", format: "pem" });
  return keyPairOf(type, publicKey, new Secret(privatePem.toString()));
}

const keptTypes: Readonly<Record<string, KeyType>> = { rsa: "rsa-2048", ec: "ecdsa-p256" };

/** Reads a private key that an earlier run kept, RSA or ECDSA; its text stays as it is. Throws when it is neither. */
export function readKeyPair(privateKeyPem: Secret): KeyPair {
  const publicKey = createPublicKey(createPrivateKey(privateKeyPem.reveal()));
  const type = keptTypes[publicKey.asymmetricKeyType ?? ""];
  if (type === undefined) throw new TypeError(`a key of type ${publicKey.asymmetricKeyType}`);
  return keyPairOf(type, publicKey, privateKeyPem);
}

function keyPairOf(type: KeyType, publicKey: KeyObject, privateKeyPem: Secret): KeyPair {
  return {
    type,
    publicKey,
    privateKeyPem,
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    publicKeyLine: formatAuthorizedKey(encodePublicKey(publicKey)),
  };
}
