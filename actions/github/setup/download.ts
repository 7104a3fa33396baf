import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { downloadTool } from "@actions/tool-cache";
import { describeError } from "@bot-join/core";
import { SetupError } from "./errors.ts";

/** Downloads a file by the tool cache, which obeys HTTPS_PROXY and tries again. Throws `ERR_SETUP_DOWNLOAD`. */
async function download(url: string): Promise<string> {
  return downloadTool(url).catch((error: unknown) => {
    throw new SetupError({
      code: "ERR_SETUP_DOWNLOAD",
      kind: "network",
      message: `${url} could not be downloaded: ${describeError(error)}.`,
      hint: "Check that this version and edition exist there, and that the runner reaches the address; the input base-url names a mirror.",
      cause: error,
    });
  });
}

/** The SHA-256 that a checksum file states for an archive; undefined when it states none. */
export function statedChecksum(text: string, file: string): string | undefined {
  const [, checksum, name = file] = /^([0-9a-f]{64})(?:\s+\*?(\S+))?\s*$/i.exec(text) ?? [];
  return name === file ? checksum?.toLowerCase() : undefined;
}

/**
 * Downloads an archive and compares it with the checksum beside it: the path of a file that the caller removes. Throws
 * `ERR_SETUP_DOWNLOAD` and `ERR_SETUP_CHECKSUM`.
 */
export async function downloadVerified(baseUrl: string, file: string): Promise<string> {
  const url = `${baseUrl}/${file}`;
  const beside = await download(`${url}.sha256`);
  const stated = statedChecksum(await readFile(beside, "utf8"), file);
  await rm(beside);
  const fail = (message: string): SetupError =>
    new SetupError({
      code: "ERR_SETUP_CHECKSUM",
      kind: "cluster",
      message,
      hint: "The download was thrown away. A mirror must serve the archive and its .sha256 as they were published.",
    });
  if (stated === undefined) throw fail(`${url}.sha256 is no checksum of ${file}.`);
  const archive = await download(url);
  const hash = createHash("sha256");
  await pipeline(createReadStream(archive), hash);
  const found = hash.digest("hex");
  if (found === stated) return archive;
  await rm(archive);
  throw fail(`${url} is not what its checksum says: its SHA-256 is ${found}, and ${stated} is stated.`);
}
