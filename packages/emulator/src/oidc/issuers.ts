import type { Clock } from "@bot-join/core";
import { keysUrlOf, OidcIssuer } from "./issuer.ts";
import { SigningKeys } from "./signing-keys.ts";

/** The issuers of one emulator, each made when it is first asked for; those with one `jwks_uri` share its keys. */
export class IssuerDirectory {
  readonly #clock: Clock;
  readonly #issuers = new Map<string, OidcIssuer>();
  readonly #keys = new Map<string, SigningKeys>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The issuer of that exact name. */
  get(url: string): OidcIssuer {
    const known = this.#issuers.get(url);
    if (known !== undefined) return known;
    const issuer = new OidcIssuer(url, this.#clock, this.#keysAt(keysUrlOf(url)));
    this.#issuers.set(url, issuer);
    return issuer;
  }

  all(): Iterable<OidcIssuer> {
    return this.#issuers.values();
  }

  #keysAt(url: string): SigningKeys {
    const keys = this.#keys.get(url) ?? new SigningKeys();
    this.#keys.set(url, keys);
    return keys;
  }
}
