import type { UserCertsRequest } from "@bot-join/proto";
import type { KeyPair } from "./key-pair.ts";
import { majorVersion } from "./server-major.ts";

/** The server's major version from which on fields 22 and 23 are read, and field 1 no longer (profiles.md). */
const splitKeysMajor = 17;

/** The key fields of a certificate request. */
type SubjectKeys = Partial<Pick<UserCertsRequest, "publicKey" | "sshPublicKey" | "tlsPublicKey">>;

/** Fills the key fields that this server reads; all three, which every version accepts, while its version is not known. */
export function subjectKeys(keyPair: KeyPair, serverVersion: string | undefined): SubjectKeys {
  const major = majorVersion(serverVersion);
  const line = Buffer.from(`${keyPair.publicKeyLine}\n`);
  return {
    ...(major >= splitKeysMajor ? {} : { publicKey: line }),
    ...(major < splitKeysMajor
      ? {}
      : { sshPublicKey: line, tlsPublicKey: Buffer.from(keyPair.publicKeyPem) }),
  };
}
