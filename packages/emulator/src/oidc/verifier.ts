import type { Clock } from "@bot-join/core";
import type { IdTokenVerifier } from "../context.ts";
import { Refusal } from "../refusal.ts";
import { DiscoveryError, type FetchDocument } from "./discovery.ts";
import { verifyGenerationA } from "./generation-a.ts";
import { verifyGenerationB } from "./generation-b.ts";
import type { OidcIssuer } from "./issuer.ts";
import { verifyByStaticKeys } from "./static-keys.ts";

/** Makes the cluster's judge of ID tokens, which fetches each issuer's documents anew for every token. */
export function createIdTokenVerifier(options: { fetch: FetchDocument; clock: Clock }): IdTokenVerifier {
  return async (token, expected) => {
    const deps = { fetch: options.fetch, now: options.clock.now() };
    const { staticKeys } = expected;
    if (staticKeys !== undefined) return verifyByStaticKeys(token, { ...expected, staticKeys }, deps.now);
    const library = expected.profile.idTokenLibrary(expected.joinMethod);
    try {
      if (library === "generation-b") return await verifyGenerationB(token, expected, deps);
      return await verifyGenerationA(token, expected, deps);
    } catch (error) {
      if (error instanceof DiscoveryError) throw new Refusal("untyped", error.message);
      throw error;
    }
  };
}

/** Answers the documents of issuers inside the process; every other host does not exist. */
export function fetchFromIssuers(issuers: () => Iterable<OidcIssuer>): FetchDocument {
  return async (url) => {
    for (const issuer of issuers()) {
      const document = await issuer.document(url);
      if (document !== undefined) return { status: 200, body: JSON.stringify(document) };
    }
    throw new Error(`dial tcp: lookup ${new URL(url).hostname}: no such host`);
  };
}
