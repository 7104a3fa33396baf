import { rm, writeFile } from "node:fs/promises";
import { BotJoinError, describeError } from "@bot-join/core";
import type { Emulator } from "@bot-join/emulator";

/** A database server that the cluster is to reach, and where its files go. */
export interface DatabaseServer {
  /** Names and addresses that its certificate is good for. */
  hosts: string[];
  /** Path of its files without `.crt`, `.key` and `.cas`, which `tctl auth sign --format=db --out` calls them as well. */
  prefix: string;
}

/**
 * Writes what a database server is configured with: its certificate, its private key (mode 0600), and the authority of
 * the certificates that the cluster shows it. Files of these names are replaced. Throws `ERR_CLI_FILE`.
 */
export async function writeDatabaseFiles(
  { prefix }: DatabaseServer,
  issued: ReturnType<Emulator["issueDatabaseCertificate"]>,
): Promise<void> {
  const files: [suffix: string, text: string, mode: number][] = [
    ["key", issued.privateKeyPem, 0o600],
    ["crt", issued.certificatePem, 0o644],
    ["cas", issued.clientCaPem, 0o644],
  ];
  for (const [suffix, text, mode] of files) {
    const path = `${prefix}.${suffix}`;
    try {
      // A file that is there keeps its mode when it is overwritten, and may be a link.
      await rm(path, { force: true });
      await writeFile(path, text, { mode, flag: "wx" });
    } catch (cause) {
      throw new BotJoinError({
        code: "ERR_CLI_FILE",
        kind: "user",
        message: `Writing ${path} (--sign-database): ${describeError(cause).replace(/\.$/, "")}.`,
        hint: "Give a path in a folder that is there and that you may write to, without .crt at its end.",
        cause,
      });
    }
  }
}
