import { findJoinMethod } from "@bot-join/resources";

/** Writes a YAML scalar that any parser reads back as the same string. */
function yamlString(value: string): string {
  return JSON.stringify(value);
}

/**
 * Shows who the job is by its ID token, beside the rule that would let it in: the server never says which
 * rule failed, and cannot be asked. Undefined for a method whose claims are not known.
 */
export function claimsHelp(method: string, claims: Record<string, unknown>): string | undefined {
  const fields = findJoinMethod(method)?.fields;
  if (fields === undefined || fields.length === 0) return undefined;
  const known = fields.flatMap(({ field, claim }) => {
    const value = claims[claim];
    return typeof value === "string" && value !== "" ? [{ field, value }] : [];
  });
  const narrow = known.filter(({ field }) => ["repository", "environment"].includes(field));
  const rule = narrow.length > 0 ? narrow : known.slice(0, 1);
  return [
    "This job is, by the claims that an allow rule can name:",
    ...known.map(({ field, value }) => `  ${field}: ${yamlString(value)}`),
    "A rule in the token resource that lets it in:",
    `  ${method}:`,
    "    allow:",
    ...rule.map(({ field, value }, index) => `    ${index === 0 ? "-" : " "} ${field}: ${yamlString(value)}`),
  ].join("\n");
}
