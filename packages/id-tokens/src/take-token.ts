import { Secret } from "@bot-join/core";
import { decodeJwt } from "jose";
import type { IdTokenDeps, IdTokenRequest, RawIdToken } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** Masks a token, without white space around it, and says where it came from. */
export function takeToken(text: string, source: string, deps: IdTokenDeps): RawIdToken {
  const token = new Secret(text.trim());
  deps.onSecret(token);
  return { token, source };
}

/**
 * Takes the token out of the first variable that is filled in, or of the first one whose token is for the wanted
 * audience. Undefined when none is filled in. `title` is the platform that set them; without it the inputs name them.
 */
export function takeVariable(
  names: readonly string[],
  request: IdTokenRequest,
  deps: IdTokenDeps,
  title?: string,
): RawIdToken | undefined {
  const filled = names
    .map((name) => ({ name, text: request.platform[name]?.trim() ?? "" }))
    .filter(({ text }) => text !== "");
  const taken = filled.find(({ text }) => audiencesOf(text).includes(request.audience)) ?? filled[0];
  if (taken === undefined) return undefined;
  const name = quoteUntrusted(taken.name);
  const source = title === undefined ? `the variable ${name}` : `${title} (${name})`;
  return takeToken(taken.text, source, deps);
}

/** The audiences of a token that is not checked yet; none for one that cannot be read. */
export function audiencesOf(token: string): string[] {
  try {
    return [decodeJwt(token).aud ?? []].flat();
  } catch {
    return []; // What is wrong with it is said when it is taken.
  }
}
