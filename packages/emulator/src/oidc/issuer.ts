import { randomUUID, sign } from "node:crypto";
import type { Clock } from "@bot-join/core";
import type { Platform } from "./platforms/platform.ts";
import { platformOfIssuer } from "./platforms/registry.ts";
import { createSigningKey, SigningKeys } from "./signing-keys.ts";

/** What makes a signed token wrong on purpose. */
export interface BadToken {
  /**
   * How the signature is spoilt: made with a key that the issuer does not publish, under a key id it does not
   * publish, with another algorithm, or left out (`alg: none`).
   */
  signature?: "foreign-key" | "unknown-kid" | "rs384" | "none";
}

/** How an issuer of no known platform does it. */
const ordinary: Pick<Platform, "keysUrl" | "lifetimeSeconds" | "notBeforeSeconds"> = {
  keysUrl: (issuer) => `${issuer.replace(/\/$/, "")}/.well-known/jwks`,
  notBeforeSeconds: 0,
  lifetimeSeconds: 300,
};

/** Path of the discovery document under an issuer (OpenID Connect Discovery 1.0 section 4). */
export const discoveryPath = "/.well-known/openid-configuration";

/** Names where an issuer of this name publishes its keys. */
export function keysUrlOf(issuer: string): string {
  return (platformOfIssuer(issuer) ?? ordinary).keysUrl(issuer);
}

/**
 * An OpenID Connect issuer under its real name, whose documents are answered inside the process; paths and times are
 * those of the platform that the name belongs to.
 */
export class OidcIssuer {
  /** The issuer's name as tokens carry it, such as `https://token.actions.githubusercontent.com`. */
  readonly url: string;
  readonly #clock: Clock;
  readonly #keys: SigningKeys;
  #reachable = true;
  #discoveredName: string | undefined;

  constructor(url: string, clock: Clock, keys: SigningKeys = new SigningKeys()) {
    this.url = url;
    this.#clock = clock;
    this.#keys = keys;
  }

  /**
   * Signs an ID token: RS256, with the issuer's name and an id, valid as long as the platform's are (GitHub's from 10
   * minutes ago for 5 minutes). Given claims win over these; a claim given as undefined is left out.
   */
  async sign(claims: Readonly<Record<string, unknown>>, bad: BadToken = {}): Promise<string> {
    const { lifetimeSeconds, notBeforeSeconds } = platformOfIssuer(this.url) ?? ordinary;
    const now = Math.floor(this.#clock.now().getTime() / 1000);
    const payload = {
      jti: randomUUID(),
      iss: this.url,
      ...(notBeforeSeconds !== undefined && { nbf: now + notBeforeSeconds }),
      iat: now,
      exp: now + lifetimeSeconds,
      ...claims,
    };
    const published = await this.#keys.current();
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
  rotate(options: { withdraw?: boolean } = {}): Promise<void> {
    return this.#keys.rotate(options.withdraw ?? false);
  }

  /** Gives the published keys as the text that a token's `static_jwks` takes. */
  async jwks(): Promise<string> {
    return JSON.stringify(await this.#keys.published());
  }

  /** Makes the issuer's documents unreachable, or reachable again. */
  setReachable(reachable: boolean): void {
    this.#reachable = reachable;
  }

  /** Makes the discovery document name another issuer; undefined makes it right again. */
  setDiscoveredName(name: string | undefined): void {
    this.#discoveredName = name;
  }

  /** Answers a request for one of the issuer's documents; undefined for any other address, or when unreachable. */
  async document(url: string): Promise<object | undefined> {
    if (!this.#reachable) return undefined;
    const keysUrl = keysUrlOf(this.url);
    if (url === keysUrl) return this.#keys.published();
    if (url !== this.url.replace(/\/$/, "") + discoveryPath) return undefined;
    return {
      issuer: this.#discoveredName ?? this.url,
      jwks_uri: keysUrl,
      subject_types_supported: ["public", "pairwise"],
      response_types_supported: ["id_token"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid"],
    };
  }
}

function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
