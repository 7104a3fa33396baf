import { BotJoinError, isBotJoinError } from "@bot-join/core";
import {
  checkToken,
  findJoinMethod,
  joinMethods,
  suggestToken,
  type TokenResource,
} from "@bot-join/resources";

/**
 * Finds the join method that claims are of: the one whose token for them expects their issuer. Throws `ERR_CLI_CLAIMS`
 * when that is none or several.
 */
export function detectJoinMethod(claims: Readonly<Record<string, unknown>>): string {
  // Of a Kubernetes cluster the issuer can be any; what is below this claim is like nothing else.
  if (typeof claims["kubernetes.io"] === "object" && claims["kubernetes.io"] !== null) return "kubernetes";
  const issuer = claims["iss"];
  const fitting = Object.values(joinMethods)
    .filter(({ proof }) => proof === "id-token")
    .map(({ name }) => name)
    .filter((name) => issuer !== undefined && expectedIssuer(name, claims) === issuer);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  throw new BotJoinError({
    code: "ERR_CLI_CLAIMS",
    kind: "user",
    message:
      only === undefined
        ? "Suggesting a token: these claims are those of no platform that bot-join knows by its issuer."
        : `Suggesting a token: these claims can be those of ${fitting.join(" or ")}.`,
    hint: "Name the join method with --join-method.",
  });
}

function expectedIssuer(name: string, claims: Readonly<Record<string, unknown>>): string | undefined {
  try {
    const { document } = suggestToken(name, claims);
    const [token] = checkToken(JSON.stringify(document), "the suggestion").resources;
    return token?.kind === "token" ? issuerOf(token) : undefined;
  } catch (error) {
    if (!isBotJoinError(error)) throw error;
    return undefined;
  }
}

function issuerOf(token: TokenResource): string | undefined {
  return findJoinMethod(token.joinMethod)?.expectedIssuer(token);
}
