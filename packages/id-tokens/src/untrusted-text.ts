import type { Secret } from "@bot-join/core";

/** The longest piece of foreign text that a message quotes, in characters; enough for one explanation. */
const maxQuotedCharacters = 300;

/** A whole or cut-off JSON Web Token: its header always starts with `{"`, which is `eyJ` in base64url. */
const jwtLike = /eyJ[A-Za-z0-9_-]{6,}(\.[A-Za-z0-9_-]*)*/g;

/**
 * Makes text from outside fit to be quoted in a message: one line, 300 characters at most, without the given
 * secrets, without anything that looks like a JWT and without the signs that the runner of GitHub or the agent of
 * Azure takes for a command anywhere in a line (`##[`, `##vso[`). One line inside a sentence cannot start with `::` either.
 */
export function quoteUntrusted(text: string, secrets: readonly Secret[] = []): string {
  let quoted = text;
  for (const secret of secrets) quoted = quoted.replaceAll(secret.reveal(), "[redacted]");
  quoted = quoted
    .replace(jwtLike, "[redacted]")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(/##(?=\w*\[)/g, "## ")
    .trim();
  return quoted.length > maxQuotedCharacters ? `${quoted.slice(0, maxQuotedCharacters)}…` : quoted;
}
