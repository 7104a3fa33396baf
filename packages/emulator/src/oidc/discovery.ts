import { flattenedVerify, importJWK, type JWK } from "jose";
import { discoveryPath } from "./issuer.ts";

/** Fetches a document by HTTPS; a failure to connect rejects with the text that Go's client would give. */
export type FetchDocument = (url: string) => Promise<{ status: number; body: string }>;

/** What a verifier needs from an issuer's discovery document. */
export interface Provider {
  algorithms: string[];
  /** Fetches the issuer's keys anew. */
  fetchKeys(): Promise<JWK[]>;
}

/** A document that could not be had, or says something else than expected; its message goes over the wire. */
export class DiscoveryError extends Error {}

async function fetchJson(fetch: FetchDocument, url: string): Promise<Record<string, unknown>> {
  let answer: { status: number; body: string };
  try {
    answer = await fetch(url);
  } catch (error) {
    throw new DiscoveryError(`Get "${url}": ${error instanceof Error ? error.message : String(error)}`);
  }
  if (answer.status !== 200) throw new DiscoveryError(`${answer.status}: ${answer.body}`);
  const document: unknown = JSON.parse(answer.body);
  return typeof document === "object" && document !== null ? { ...document } : {};
}

/** Reads an issuer's discovery document (id-tokens.md section 1.1). Throws a DiscoveryError. */
export async function discoverProvider(fetch: FetchDocument, issuer: string): Promise<Provider> {
  const document = await fetchJson(fetch, issuer.replace(/\/$/, "") + discoveryPath);
  if (document["issuer"] !== issuer) {
    throw new DiscoveryError(
      `oidc: issuer did not match the issuer returned by provider, expected "${issuer}" got "${document["issuer"]}"`,
    );
  }
  const listed = document["id_token_signing_alg_values_supported"];
  return {
    algorithms: Array.isArray(listed) ? listed.map(String) : ["RS256"],
    fetchKeys: async () => {
      const keys = (await fetchJson(fetch, String(document["jwks_uri"])))["keys"];
      return Array.isArray(keys) ? (keys as JWK[]) : [];
    },
  };
}

/**
 * Verifies the signature of a compact JWT with the provider's key of the header's `kid`; an unknown one causes one
 * more look at the keys. Rejects with whatever is wrong.
 */
export async function verifySignature(
  token: string,
  kid: string | undefined,
  algorithms: string[],
  provider: Provider,
): Promise<void> {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const find = (keys: JWK[]): JWK | undefined => keys.find((key) => key.kid === kid || kid === undefined);
  const jwk = find(await provider.fetchKeys()) ?? find(await provider.fetchKeys());
  if (jwk === undefined) throw new Error("no key of that id");
  await flattenedVerify({ protected: header, payload, signature }, await importJWK(jwk, "RS256"), {
    algorithms,
  });
}
