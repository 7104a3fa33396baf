import { generateKeyPair, type KeyObject, randomBytes, sign } from "node:crypto";
import { promisify } from "node:util";
import type { Clock } from "@bot-join/core";
import { exportJWK, type JWK } from "jose";

/** What makes a signed token wrong on purpose. */
export interface BadToken {
  /**
   * How the signature is spoilt: made with a key that the issuer does not publish, under a key id it does not
   * publish, with another algorithm, or left out (`alg: none`).
   */
  signature?: "foreign-key" | "unknown-kid" | "rs384" | "none";
}

interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  jwk: JWK;
}

const makeKeyPair = promisify(generateKeyPair);

async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await makeKeyPair("rsa", { modulusLength: 2048 });
  const kid = randomBytes(8).toString("hex");
  const jwk = await exportJWK(publicKey);
  return { kid, privateKey, jwk: { ...jwk, kid, alg: "RS256", use: "sig" } };
}

function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Path of the discovery document under an issuer (OpenID Connect Discovery 1.0 section 4). */
export const discoveryPath = "/.well-known/openid-configuration";

/** An OpenID Connect issuer under its real name, whose documents are answered inside the process. */
export class OidcIssuer {
  /** The issuer's name as tokens carry it, such as `https://token.actions.githubusercontent.com`. */
  readonly url: string;
  readonly #clock: Clock;
  #keys: Promise<SigningKey[]> | undefined;
  #reachable = true;

  constructor(url: string, clock: Clock) {
    this.url = url;
    this.#clock = clock;
  }

  /**
   * Signs an ID token: RS256, valid from 10 minutes ago for 5 minutes from now, as GitHub's are. Given claims win
   * over these; a claim given as undefined is left out.
   */
  async sign(claims: Readonly<Record<string, unknown>>, bad: BadToken = {}): Promise<string> {
    const now = Math.floor(this.#clock.now().getTime() / 1000);
    const payload = { iss: this.url, nbf: now - 600, iat: now, exp: now + 300, ...claims };
    const published = await this.#currentKey();
    const key =
      bad.signature === "foreign-key" ? { ...(await createSigningKey()), kid: published.kid } : published;
    const kid = bad.signature === "unknown-kid" ? "0000000000000000" : key.kid;
    const alg = bad.signature === "none" ? "none" : bad.signature === "rs384" ? "RS384" : "RS256";
    const signed = `${segment({ typ: "JWT", alg, kid })}.${segment(payload)}`;
    const signature =
      alg === "none" ? "" : sign(alg === "RS384" ? "sha384" : "sha256", Buffer.from(signed), key.privateKey);
    return `${signed}.${Buffer.from(signature).toString("base64url")}`;
  }

  /** Replaces the signing key; the earlier one stays published unless it is withdrawn. */
  async rotate(options: { withdraw?: boolean } = {}): Promise<void> {
    const earlier = options.withdraw === true ? [] : await this.#allKeys();
    this.#keys = createSigningKey().then((key) => [key, ...earlier]);
    await this.#keys;
  }

  /** Makes the issuer's documents unreachable, or reachable again. */
  setReachable(reachable: boolean): void {
    this.#reachable = reachable;
  }

  /** Answers a request for one of the issuer's documents; undefined for any other address, or when unreachable. */
  async document(url: string): Promise<Record<string, unknown> | undefined> {
    if (!this.#reachable) return undefined;
    const base = this.url.replace(/\/$/, "");
    if (url === base + discoveryPath) {
      return {
        issuer: this.url,
        jwks_uri: `${base}/.well-known/jwks`,
        subject_types_supported: ["public", "pairwise"],
        response_types_supported: ["id_token"],
        id_token_signing_alg_values_supported: ["RS256"],
        scopes_supported: ["openid"],
      };
    }
    if (url === `${base}/.well-known/jwks`) return { keys: (await this.#allKeys()).map((key) => key.jwk) };
    return undefined;
  }

  async #currentKey(): Promise<SigningKey> {
    const [key] = await this.#allKeys();
    if (key === undefined) throw new Error("an issuer without a key");
    return key;
  }

  #allKeys(): Promise<SigningKey[]> {
    this.#keys ??= createSigningKey().then((key) => [key]);
    return this.#keys;
  }
}
