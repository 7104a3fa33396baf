import type { KeyObject } from "node:crypto";
import type { KeyKind, VersionProfile } from "../profiles/version-profile.ts";
import { createPrivateKey, createPrivateKeySync } from "./key-pair.ts";

/** The private keys of a cluster's authorities. */
export interface AuthorityKeys {
  hostSsh: KeyObject;
  hostTls: KeyObject;
  userSsh: KeyObject;
  userTls: KeyObject;
  db: KeyObject;
  dbClient: KeyObject;
  spiffeTls: KeyObject;
  spiffeJwt: KeyObject;
}

/**
 * Names the kind of each key: those of databases are RSA in every version (user-certs.md section 3.4), and all of them
 * where nothing else is certified.
 */
export function authorityKeyKinds(
  profile: VersionProfile,
  rsaOnly: boolean,
): Readonly<Record<keyof AuthorityKeys, KeyKind>> {
  const { ssh, tls } = rsaOnly ? ({ ssh: "rsa-2048", tls: "rsa-2048" } as const) : profile.authorityKeys;
  return {
    hostSsh: ssh,
    hostTls: tls,
    userSsh: ssh,
    userTls: tls,
    db: "rsa-2048",
    dbClient: "rsa-2048",
    spiffeTls: tls,
    spiffeJwt: tls,
  };
}

/** Makes the keys that every client meets, at the same time; what is missing is made when it is first needed. */
export async function createAuthorityKeys(
  profile: VersionProfile,
  rsaOnly = false,
): Promise<Partial<AuthorityKeys>> {
  const kinds = authorityKeyKinds(profile, rsaOnly);
  const names = ["hostSsh", "hostTls", "userSsh", "userTls"] as const;
  const keys = await Promise.all(
    names.map(async (name) => [name, await createPrivateKey(kinds[name])] as const),
  );
  return Object.fromEntries(keys);
}

/**
 * Makes the keys of a leaf cluster when they are first needed. Where its SSH and TLS keys are of one kind an authority
 * has one key for both, since RSA keys take long.
 */
export function leafAuthorityKeys(profile: VersionProfile, rsaOnly: boolean): Partial<AuthorityKeys> {
  const { hostSsh: kind, hostTls } = authorityKeyKinds(profile, rsaOnly);
  if (kind !== hostTls) return {};
  let host: KeyObject | undefined;
  let user: KeyObject | undefined;
  const hostKey = (): KeyObject => (host ??= createPrivateKeySync(kind));
  const userKey = (): KeyObject => (user ??= createPrivateKeySync(kind));
  return {
    get hostSsh() {
      return hostKey();
    },
    get hostTls() {
      return hostKey();
    },
    get userSsh() {
      return userKey();
    },
    get userTls() {
      return userKey();
    },
  };
}
