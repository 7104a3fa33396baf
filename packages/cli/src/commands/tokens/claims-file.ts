import { BotJoinError } from "@bot-join/core";
import { decodeJwt } from "jose";
import { readTextFile, sourceName } from "../../read-text-file.ts";

/** Where the claims are: a raw ID token, or claims that somebody has decoded already. Exactly one is meant. */
export interface ClaimsSource {
  idTokenFile?: string;
  claims?: string;
}

/** The longest ID token that is looked at, in characters. Real ones have 1 to 4 KiB. */
const maxIdTokenLength = 64 * 1024;

/**
 * Reads the claims of an ID token, whose signature is not verified, or a JSON object of claims. Throws `ERR_CLI_FLAG`
 * when not exactly one file is given, `ERR_CLI_FILE`, and `ERR_CLI_CLAIMS` for something else in it, never quoting it.
 */
export async function readClaimsFile(
  source: ClaimsSource,
  command: string,
): Promise<Record<string, unknown>> {
  const { idTokenFile, claims } = source;
  if (idTokenFile !== undefined && claims === undefined) return readIdToken(idTokenFile);
  if (claims !== undefined && idTokenFile === undefined) return readClaims(claims);
  throw new BotJoinError({
    code: "ERR_CLI_FLAG",
    kind: "user",
    message: `${command}: ${claims === undefined ? "neither --id-token-file nor --claims was given" : "--id-token-file and --claims were both given"}.`,
    hint: "Give the file of an ID token with --id-token-file, or the file of its decoded claims with --claims.",
  });
}

async function readIdToken(path: string): Promise<Record<string, unknown>> {
  const text = (await readTextFile(path)).trim();
  const hint = "Give a file with the token alone, header.payload.signature; decoded claims go to --claims.";
  if (text.length > maxIdTokenLength)
    throw unusable(path, `is longer than the ${maxIdTokenLength / 1024} KiB that an ID token may have`, hint);
  if (text.split(".").length !== 3) throw unusable(path, "holds no JSON Web Token", hint);
  try {
    return { ...decodeJwt(text) };
  } catch {
    // The cause beneath quotes what it could not read.
    throw unusable(path, "holds no JSON Web Token: its middle part is no JSON object in base64url", hint);
  }
}

async function readClaims(path: string): Promise<Record<string, unknown>> {
  const text = (await readTextFile(path)).trim();
  const hint = 'Give a file with one JSON object such as {"repository": "octo-org/shop"}.';
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text))
    throw unusable(path, "holds an ID token", "Give it with --id-token-file.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable(path, "holds no JSON", hint);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw unusable(path, "holds JSON, but no object of claims", hint);
  return value as Record<string, unknown>;
}

function unusable(path: string, what: string, hint: string): BotJoinError {
  return new BotJoinError({
    code: "ERR_CLI_CLAIMS",
    kind: "user",
    message: `Reading claims: ${sourceName(path)} ${what}.`,
    hint,
  });
}
