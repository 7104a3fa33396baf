import { createReadStream } from "node:fs";
import { describeError } from "@bot-join/core";
import { maxIdTokenBytes } from "./claims.ts";
import { IdTokenError } from "./errors.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/**
 * Reads an ID token from a file, without white space around it. At most one byte more than a token may have is
 * read, so that a wrong path cannot fill the memory. Throws `ERR_IDTOKEN_FILE_UNREADABLE`.
 */
export async function readTokenFile(
  path: string,
  signal: AbortSignal,
  origin = "id-token-file",
): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    // Bounded by `end`, which is inclusive: a token that is too long is noticed where its claims are read.
    for await (const chunk of createReadStream(path, { end: maxIdTokenBytes, signal })) chunks.push(chunk);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const reason = error instanceof Error && "code" in error ? error.code : undefined;
    throw unreadable(path, origin, `failed: ${quoteUntrusted(describeError(error))}`, { reason });
  }
  const token = Buffer.concat(chunks).toString("utf8").trim();
  if (token === "") throw unreadable(path, origin, "gave nothing: the file is empty");
  return token;
}

/** Reads an ID token that a platform may have left in a file; undefined when there is no such file. `origin` says whose. */
export async function readTokenFileIfThere(
  path: string,
  origin: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await readTokenFile(path, signal, origin);
  } catch (error) {
    if (error instanceof IdTokenError && error.details["reason"] === "ENOENT") return undefined;
    throw error;
  }
}

/** Node's error is not the cause: it repeats the path, which is the token itself when inputs were mixed up. */
function unreadable(path: string, origin: string, what: string, details = {}): IdTokenError {
  return new IdTokenError({
    code: "ERR_IDTOKEN_FILE_UNREADABLE",
    kind: "user",
    message: `Reading the ID token from the file ${quoteUntrusted(path)} (${origin}) ${what}.`,
    details,
    hint: "Check the path, which counts from the working directory of the step, and that an earlier step wrote the token there.",
  });
}
