import { isBotJoinError } from "@bot-join/core";
import { matchableClaims, suggestToken, writeYaml } from "@bot-join/resources";

function show(value: unknown): string {
  return Array.isArray(value) ? value.map((item) => JSON.stringify(item)).join(", ") : JSON.stringify(value);
}

/** What was thrown on purpose means that these claims allow no answer; anything else is a defect. */
function orNothing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isBotJoinError(error)) return undefined;
    throw error;
  }
}

/**
 * Shows who the job is by its ID token, and a token document that would let it in: the server never says which rule
 * failed, and cannot be asked. Undefined for a method whose claims no rule can name.
 */
export function claimsHelp(
  method: string,
  claims: Record<string, unknown>,
  tokenName: string,
): string | undefined {
  const known = orNothing(() => matchableClaims(method, claims)) ?? [];
  if (known.length === 0) return undefined;
  const token = orNothing(() =>
    writeYaml(suggestToken(method, claims, undefined, { name: tokenName }).document),
  );
  return [
    "This job is, by the claims that an allow rule can name:",
    ...known.map(({ field, value }) => `  ${field}: ${show(value)}`),
    ...(token === undefined
      ? []
      : [
          "A token resource that lets exactly such jobs in (add its rule to the token's own rules):",
          token.trimEnd(),
        ]),
  ].join("\n");
}
