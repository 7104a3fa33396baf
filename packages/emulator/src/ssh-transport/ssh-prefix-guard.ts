import { Refusal } from "../refusal.ts";

const prefix = Buffer.from("SSH-2.0");

/**
 * Lets a client's bytes pass only while they begin with `SSH-2.0` (RFC 4253 section 4.2), however they are cut.
 * The returned function throws a Refusal at the first byte that differs.
 */
export function createSshPrefixGuard(): (bytes: Uint8Array) => void {
  let seen = 0;
  return (bytes) => {
    for (let i = 0; i < bytes.length && seen < prefix.length; i++, seen++) {
      if (bytes[i] !== prefix[seen]) {
        throw new Refusal("access-denied", "only SSH connections may pass through this stream");
      }
    }
  };
}
