/**
 * Gives the name of a token as it may be printed: of method `token` the name is the secret, so all but its
 * last quarter becomes `*`, and all of it below 16 characters (provision-token.md section 3).
 */
export function safeTokenName(token: { name: string; joinMethod: string }): string {
  if (token.joinMethod !== "token") return token.name;
  if (token.name.length < 16) return "*".repeat(token.name.length);
  const hidden = Math.floor(token.name.length * 0.75);
  return "*".repeat(hidden) + token.name.slice(hidden);
}
