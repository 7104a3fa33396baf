import { formatAuthorizedKey } from "./authorized-key.ts";
import { FormatError } from "./errors.ts";
import { splitPublicKey } from "./openssh-public-key.ts";

// One line: marker, host patterns, key type, base64, comment, one space between. sshd(8), "SSH_KNOWN_HOSTS FILE
// FORMAT". The comment `type=host` is what Teleport's tools expect there: outputs.md section 4.1.

/**
 * Writes the line by which OpenSSH trusts host certificates of a CA, without newline. Throws
 * `ERR_FORMAT_KNOWN_HOSTS_PATTERN` for a pattern that would end its field or for none at all, and
 * `ERR_FORMAT_SSH_KEY` or `ERR_FORMAT_SSH_WIRE` for a blob that is no plain key.
 */
export function certAuthorityLine(hostPatterns: string[], caPublicKey: Uint8Array): string {
  const broken = hostPatterns.find((pattern) => !/^[!-+\--~]+$/.test(pattern));
  if (hostPatterns.length === 0 || broken !== undefined) {
    throw new FormatError({
      code: "ERR_FORMAT_KNOWN_HOSTS_PATTERN",
      kind: "cluster",
      message: `Cannot write a known_hosts line for the host pattern ${JSON.stringify(broken ?? "")}.`,
      hint: "Host and cluster names hold printable ASCII without spaces and commas.",
    });
  }
  splitPublicKey(caPublicKey);
  return `@cert-authority ${hostPatterns.join(",")} ${formatAuthorizedKey(caPublicKey)} type=host`;
}
