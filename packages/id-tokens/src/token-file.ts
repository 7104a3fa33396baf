import { createReadStream } from "node:fs";
import { describeError } from "@bot-join/core";
import { maxIdTokenBytes } from "./claims.ts";
import { IdTokenError } from "./errors.ts";
import { quoteUntrusted } from "./untrusted-text.ts";

/**
 * Reads an ID token from a file, without white space around it. At most one byte more than a token may have is
 * read, so that a wrong path cannot fill the memory. Throws `ERR_IDTOKEN_FILE_UNREADABLE`.
 */
export async function readTokenFile(path: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    // Bounded by `end`, which is inclusive: a token that is too long is noticed where its claims are read.
    for await (const chunk of createReadStream(path, { end: maxIdTokenBytes, signal })) chunks.push(chunk);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw unreadable(path, `failed: ${quoteUntrusted(describeError(error))}`);
  }
  const token = Buffer.concat(chunks).toString("utf8").trim();
  if (token === "") throw unreadable(path, "gave nothing: the file is empty");
  return token;
}

/** Node's error is not the cause: it repeats the path, which is the token itself when inputs were mixed up. */
function unreadable(path: string, what: string): IdTokenError {
  return new IdTokenError({
    code: "ERR_IDTOKEN_FILE_UNREADABLE",
    kind: "user",
    message: `Reading the ID token from the file ${quoteUntrusted(path)} (id-token-file) ${what}.`,
    hint: "Check the path, which counts from the working directory of the step, and that an earlier step wrote the token there.",
  });
}
