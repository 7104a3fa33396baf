import type { Clock } from "@bot-join/core";
import { OidcIssuer } from "./issuer.ts";

/** The issuers of one emulator, each made when it is first asked for. */
export class IssuerDirectory {
  readonly #clock: Clock;
  readonly #issuers = new Map<string, OidcIssuer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The issuer of that exact name. */
  get(url: string): OidcIssuer {
    const known = this.#issuers.get(url);
    if (known !== undefined) return known;
    const issuer = new OidcIssuer(url, this.#clock);
    this.#issuers.set(url, issuer);
    return issuer;
  }

  all(): Iterable<OidcIssuer> {
    return this.#issuers.values();
  }
}
