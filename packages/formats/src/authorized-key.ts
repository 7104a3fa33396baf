import { malformed, quote } from "./errors.ts";
import { SshReader } from "./wire.ts";

// The line form that authorized_keys, `.pub` and `-cert.pub` files share: `<type> <base64 of the blob> [comment]`,
// sshd(8), "AUTHORIZED_KEYS FILE FORMAT", without options in front. The blob begins with the type as a string.

/** An authorized_keys line's parts. */
export interface AuthorizedKey {
  type: string;
  /** The key or certificate itself, not decoded. */
  blob: Uint8Array;
  /** All that follows the base64; empty without a comment. */
  comment: string;
}

/** Writes a key or certificate blob as `<type> <base64>`, without newline or comment. */
export function formatAuthorizedKey(blob: Uint8Array): string {
  return `${blobType(blob)} ${Buffer.from(blob).toString("base64")}`;
}

/**
 * Splits an authorized_keys line without options. Throws `ERR_FORMAT_SSH_KEY` when it has another form or names
 * another type than its blob; does not decode the key.
 */
export function parseAuthorizedKey(line: string): AuthorizedKey {
  const match = /^([!-~]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+([^\r\n]*))?$/.exec(line.trim());
  const [, type = "", base64 = "", comment = ""] = match ?? [];
  const blob = new Uint8Array(Buffer.from(base64, "base64"));
  if (match === null || Buffer.from(blob).toString("base64") !== base64) {
    throw malformed(
      "ERR_FORMAT_SSH_KEY",
      "Cannot read the OpenSSH key line: it is not `<type> <base64> [comment]`.",
    );
  }
  const inner = blobType(blob);
  if (inner !== type) {
    throw malformed(
      "ERR_FORMAT_SSH_KEY",
      `Cannot read the OpenSSH key line: it says ${quote(type)}, its blob says ${quote(inner)}.`,
    );
  }
  return { type, blob, comment };
}

function blobType(blob: Uint8Array): string {
  const type = new SshReader(blob, "OpenSSH key").text("type");
  // Anything else would end the line's first field early.
  if (/^[!-~]+$/.test(type)) return type;
  throw malformed("ERR_FORMAT_SSH_KEY", `Cannot use ${quote(type)} as the type of an OpenSSH key.`);
}
