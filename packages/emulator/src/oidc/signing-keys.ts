import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { exportJWK, type JWK } from "jose";

/** A key that signs ID tokens, and its public half as it is published. */
export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  jwk: JWK;
}

const makeKeyPair = promisify(generateKeyPair);

/** Makes an RSA key with a random id. */
export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await makeKeyPair("rsa", { modulusLength: 2048 });
  const kid = randomBytes(8).toString("hex");
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } };
}

/** The keys behind one `jwks_uri`, which several issuers may share; the first is made when it is needed. */
export class SigningKeys {
  #keys: Promise<SigningKey[]> | undefined;

  /** The key that signs now. */
  async current(): Promise<SigningKey> {
    const [key] = await this.#all();
    if (key === undefined) throw new Error("an issuer without a key");
    return key;
  }

  /** The key set as it is published. */
  async published(): Promise<{ keys: JWK[] }> {
    return { keys: (await this.#all()).map(({ jwk }) => jwk) };
  }

  /** Puts a new key first; earlier ones stay published unless they are withdrawn. */
  async rotate(withdraw: boolean): Promise<void> {
    const earlier = withdraw ? [] : await this.#all();
    this.#keys = createSigningKey().then((key) => [key, ...earlier]);
    await this.#keys;
  }

  #all(): Promise<SigningKey[]> {
    this.#keys ??= createSigningKey().then((key) => [key]);
    return this.#keys;
  }
}
