import { Secret } from "@bot-join/core";
import { readTokenCommand } from "./token-command.ts";
import { readTokenFile } from "./token-file.ts";
import type { IdTokenDeps, IdTokenRequest, RawIdToken } from "./types.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/** Reads the token that the inputs name; undefined when they name none and the platform is to be asked. */
export async function readGivenToken(
  request: IdTokenRequest,
  deps: IdTokenDeps,
): Promise<RawIdToken | undefined> {
  const { idToken, idTokenFile, idTokenCommand } = request.given ?? {};
  if (idToken !== undefined) return masked(idToken.reveal(), "the input id-token", deps);
  if (idTokenFile !== undefined) {
    return masked(
      await readTokenFile(idTokenFile, deps.signal),
      `the file ${quoteUntrusted(idTokenFile)}`,
      deps,
    );
  }
  if (idTokenCommand !== undefined) {
    const output = await readTokenCommand(idTokenCommand, { ...deps, environment: request.platform });
    return masked(output, "the command of id-token-command", deps);
  }
  return undefined;
}

function masked(text: string, source: string, deps: IdTokenDeps): RawIdToken {
  const token = new Secret(text.trim());
  deps.onSecret(token);
  return { token, source };
}
