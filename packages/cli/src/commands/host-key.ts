import { readFile, writeFile } from "node:fs/promises";
import { BotJoinError, describeError } from "@bot-join/core";
import { parseAuthorizedKey } from "@bot-join/formats";

/** The public half of an sshd's host key, and the name that its node goes by. */
export interface HostKey {
  hostname: string;
  /** Name of the leaf cluster that the node is in; undefined: the cluster itself. */
  leaf: string | undefined;
  /** Where its certificate goes: beside the key, as ssh-keygen names it. */
  certificatePath: string;
  publicKey: Uint8Array;
}

/**
 * Reads a host key, `NAME.pub`, of the node `HOSTNAME` or `HOSTNAME@LEAF`. Throws `ERR_CLI_FILE` when it cannot be read or
 * is no public key of OpenSSH.
 */
export async function readHostKey(node: string, path: string): Promise<HostKey> {
  const [hostname = "", leaf] = node.split("@");
  try {
    const { blob } = parseAuthorizedKey((await readFile(path, "utf8")).trim());
    return { hostname, leaf, certificatePath: `${path.replace(/\.pub$/, "")}-cert.pub`, publicKey: blob };
  } catch (cause) {
    throw fault(`The host key ${path} (--sign-host-key) cannot be used: ${describeError(cause)}`, cause);
  }
}

/** Writes the certificate of a host key beside it. Throws `ERR_CLI_FILE` when it cannot. */
export async function writeHostCertificate({ certificatePath }: HostKey, certificate: string): Promise<void> {
  try {
    await writeFile(certificatePath, `${certificate.trimEnd()}\n`);
  } catch (cause) {
    throw fault(`Writing the host certificate ${certificatePath}: ${describeError(cause)}`, cause);
  }
}

function fault(message: string, cause: unknown): BotJoinError {
  return new BotJoinError({
    code: "ERR_CLI_FILE",
    kind: "user",
    message: message.replace(/\.?$/, "."),
    hint: "Give the public half of the sshd's host key, such as /etc/ssh/ssh_host_ed25519_key.pub, in a folder that you may write to.",
    cause,
  });
}
