import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { BotJoinError, describeError } from "@bot-join/core";
import { decodeResourceText } from "@bot-join/resources";

/** More than any text that is read here has: 4 million characters of resource documents, in UTF-8. */
const maxBytes = 16 * 1024 * 1024;

/** What stands for standard input in place of a path. */
const standardInput = "-";

/**
 * Reads a text file, or standard input for `-`, without a byte-order mark. Throws `ERR_CLI_FILE` when it cannot be read
 * or is larger than 16 MiB, and `ERR_RESOURCE_SYNTAX` when it is not in UTF-8.
 */
export async function readTextFile(path: string): Promise<string> {
  const source = sourceName(path);
  const bytes = await (path === standardInput ? readBounded(process.stdin) : readFileBounded(path)).catch(
    (error: unknown) => {
      throw unusable(source, `cannot be read: ${describeError(error)}`, error);
    },
  );
  if (bytes === undefined) throw unusable(source, `is larger than ${maxBytes / 1024 ** 2} MiB`);
  return decodeResourceText(bytes, source).replace(/^\ufeff/, "");
}

/** Names a file in messages. */
export function sourceName(path: string): string {
  return path === standardInput ? "standard input" : path;
}

async function readFileBounded(path: string): Promise<Uint8Array | undefined> {
  await using file = await open(path, "r");
  // Folders and the like give their own errors here.
  return await readBounded(file.createReadStream({ autoClose: false }));
}

async function readBounded(stream: Readable): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function unusable(source: string, what: string, cause?: unknown): BotJoinError {
  return new BotJoinError({
    code: "ERR_CLI_FILE",
    kind: "user",
    message: `${source} ${what}.`,
    hint: "Give the path of a text file in UTF-8, or - for standard input.",
    cause,
  });
}
