import type { Logger } from "@bot-join/core";
import { audienceMismatch, issuerMismatch } from "./mismatch.ts";
import { platforms } from "./platforms.ts";
import type { IdTokenRequest } from "./types.ts";

/**
 * Checks that some cluster may take the token for the join method: its issuer is not another platform's, issuer and
 * audience are the ones that clusters insist on, and it is for the audience that the join needs, where that is known.
 * Doubts are logged. Throws `ERR_IDTOKEN_ISSUER_MISMATCH`, `ERR_IDTOKEN_AUDIENCE_MISMATCH`, `ERR_IDTOKEN_SUBJECT_UNSUITABLE`.
 */
export function checkPlatform(
  claims: Record<string, unknown>,
  source: string,
  { joinMethod, audience }: IdTokenRequest,
  logger: Logger,
): void {
  const rules = platforms.find(({ name }) => name === joinMethod)?.tokens;
  const issuer = String(claims["iss"] ?? "");
  if (rules !== undefined && !rules.issuer.test(issuer)) {
    const other = platforms.find(({ tokens }) => tokens.issuer.test(issuer));
    if (other !== undefined) {
      const needed = `that is ${other.title}, while the join method is ${joinMethod}`;
      const hint = `Set join-method to ${other.name} and name a token resource of that method, or give the token of the right platform.`;
      throw issuerMismatch(claims, source, needed, hint);
    }
    if (rules.onlyIssuer !== undefined) {
      const needed = `clusters take only ${rules.onlyIssuer} for the join method ${joinMethod}`;
      throw issuerMismatch(
        claims,
        source,
        needed,
        "A self-hosted installation or a customised issuer cannot be used with this join method.",
      );
    }
  }
  rules?.check?.(claims, source);
  checkAudience(claims, source, audience, rules?.audienceHint ?? "", logger);
  if (audience !== "" && rules?.audience !== undefined && audience !== rules.audience) {
    logger.warn(
      `The audience is set to another than "${rules.audience}", which every known cluster requires for the join method ${joinMethod}.`,
    );
  }
}

function checkAudience(
  claims: Record<string, unknown>,
  source: string,
  audience: string,
  hint: string,
  logger: Logger,
): void {
  const given = [claims["aud"]].flat();
  if (audience !== "" && !given.includes(audience))
    throw audienceMismatch(claims, source, `"${audience}"`, hint);
  // Newer servers follow OpenID Connect Core 3.1.3.7 here (id-tokens.md section 1.3).
  if (given.length > 1 && claims["azp"] === undefined) {
    logger.warn(
      `The ID token from ${source} is for ${given.length} audiences, which newer clusters refuse. Have it issued for one.`,
    );
  }
}
