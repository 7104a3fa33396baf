import { takeToken, takeVariable } from "./take-token.ts";
import { readTokenCommand } from "./token-command.ts";
import { readTokenFile } from "./token-file.ts";
import type { IdTokenDeps, IdTokenRequest, RawIdToken } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/**
 * Reads the token that the inputs name; undefined when they name none, or variables that are not filled in.
 */
export async function readGivenToken(
  request: IdTokenRequest,
  deps: IdTokenDeps,
): Promise<RawIdToken | undefined> {
  const { idToken, idTokenFile, idTokenCommand, idTokenVariables } = request.given ?? {};
  if (idToken !== undefined) return takeToken(idToken.reveal(), "the input id-token", deps);
  if (idTokenFile !== undefined) {
    return takeToken(
      await readTokenFile(idTokenFile, deps.signal),
      `the file ${quoteUntrusted(idTokenFile)}`,
      deps,
    );
  }
  if (idTokenCommand !== undefined) {
    const output = await readTokenCommand(idTokenCommand, { ...deps, environment: request.platform });
    return takeToken(output, "the command of id-token-command", deps);
  }
  return takeVariable(idTokenVariables ?? [], request, deps);
}
