import type { Secret } from "@bot-join/core";
import { decodeJwt } from "jose";
import { IdTokenError } from "./errors.ts";

/** The longest ID token that is looked at, in bytes. Real ones have 1 to 4 KiB. */
export const maxIdTokenBytes: number = 64 * 1024;

/**
 * Reads the claims of an ID token without verifying its signature: that is the cluster's work.
 * `source` names the token's origin in messages. Throws `ERR_IDTOKEN_MALFORMED`, never quoting the token.
 */
export function readClaims(token: Secret, source: string): Record<string, unknown> {
  const text = token.reveal();
  if (text === "") throw malformed(source, "it is empty");
  if (Buffer.byteLength(text) > maxIdTokenBytes) {
    throw malformed(source, `it is longer than ${maxIdTokenBytes / 1024} KiB`);
  }
  const parts = text.split(".");
  if (parts.length !== 3) {
    throw malformed(source, `it has ${parts.length} of the 3 parts that dots separate in a JWT`);
  }
  try {
    return { ...decodeJwt(text) };
  } catch {
    // jose's error is not the cause: beneath it lies one of JSON.parse, which quotes what it could not read.
    throw malformed(source, "its middle part is not a JSON object in base64url");
  }
}

function malformed(source: string, why: string): IdTokenError {
  return new IdTokenError({
    code: "ERR_IDTOKEN_MALFORMED",
    kind: "user",
    message: `The ID token from ${source} is not a JSON Web Token: ${why}.`,
    hint: "Give the token itself, header.payload.signature, without quotes, a key name or the JSON around it.",
  });
}
