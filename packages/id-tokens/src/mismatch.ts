import { IdTokenError } from "./errors.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** Makes an `ERR_IDTOKEN_AUDIENCE_MISMATCH`: what the token is for, and what the join needs. */
export function audienceMismatch(
  claims: Record<string, unknown>,
  source: string,
  needed: string,
  hint: string,
): IdTokenError {
  const given = [claims["aud"]].flat().filter((value) => typeof value === "string");
  const found =
    given.length === 0 ? "no audience" : given.map((value) => `"${quoteUntrusted(value)}"`).join(", ");
  return new IdTokenError({
    code: "ERR_IDTOKEN_AUDIENCE_MISMATCH",
    kind: "user",
    message: `The ID token from ${source} is for ${found} (claim "aud"), and the join needs the audience ${needed}.`,
    hint: `Have the token issued for that audience. ${hint}`,
  });
}

/** Makes an `ERR_IDTOKEN_ISSUER_MISMATCH`; `needed` says what the join method asks for, as a clause. */
export function issuerMismatch(
  claims: Record<string, unknown>,
  source: string,
  needed: string,
  hint: string,
): IdTokenError {
  const issuer = claims["iss"];
  const found = typeof issuer === "string" ? `is issued by "${quoteUntrusted(issuer)}"` : "names no issuer";
  return new IdTokenError({
    code: "ERR_IDTOKEN_ISSUER_MISMATCH",
    kind: "user",
    message: `The ID token from ${source} ${found} (claim "iss"), and ${needed}.`,
    hint,
  });
}
