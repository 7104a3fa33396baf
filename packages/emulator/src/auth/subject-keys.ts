import type { KeyObject } from "node:crypto";
import type { UserCertsRequest } from "@bot-join/proto";
import { checkKeyIsAllowed, readSshKey, readTlsKey } from "../authority/subject-key.ts";
import type { ClusterContext } from "../context.ts";

/** The keys that certificates are asked for; one that is absent yields no certificate. */
export interface SubjectKeys {
  ssh: KeyObject | undefined;
  tls: KeyObject | undefined;
}

/** Reads the keys of a certificate request from the fields that this version looks at (profiles.md). */
export function readSubjectKeys(context: ClusterContext, request: UserCertsRequest): SubjectKeys {
  const keys = readFields(context, request);
  for (const key of [keys.ssh, keys.tls]) {
    if (key !== undefined) checkKeyIsAllowed(key, context.rsaOnly);
  }
  return keys;
}

function readFields({ profile }: ClusterContext, request: UserCertsRequest): SubjectKeys {
  const { publicKey, sshPublicKey, tlsPublicKey } = request;
  const usesField1 =
    profile.certificateKeys === "field-1" ||
    (profile.certificateKeys === "field-1-or-22-and-23" && publicKey.length > 0);
  if (usesField1) {
    const key = readSshKey(publicKey);
    return { ssh: key, tls: key };
  }
  return {
    ssh: sshPublicKey.length > 0 ? readSshKey(sshPublicKey) : undefined,
    tls: tlsPublicKey.length > 0 ? readTlsKey(tlsPublicKey) : undefined,
  };
}
