import type { KeyObject } from "node:crypto";
import type { Clock } from "@bot-join/core";
import type { AuthorityType, VersionProfile } from "../profiles/version-profile.ts";
import {
  type Authority,
  createAuthority,
  createSshAuthority,
  type JwtAuthority,
  type SshAuthority,
} from "./authority.ts";
import { type AuthorityKeys, authorityKeyKinds } from "./authority-keys.ts";
import { createPrivateKeySync } from "./key-pair.ts";
import { type AuthorityVault, keyOfPem, keyPem } from "./vault.ts";

/** What the authorities of a cluster are made of. */
export interface AuthoritySetOptions {
  clusterName: string;
  profile: VersionProfile;
  clock: Clock;
  /** Keys made before; the rest is made on first use. */
  keys: Partial<AuthorityKeys>;
  /** Whether all keys are RSA, whatever the profile says. */
  rsaOnly: boolean;
  /** Where authorities are kept; what is there wins over everything else. */
  vault?: AuthorityVault | undefined;
}

/** The certificate authorities of one cluster; each is made when it is first needed, since RSA keys take long. */
export class AuthoritySet {
  readonly #options: AuthoritySetOptions;
  readonly #made = new Map<AuthorityType, Authority>();
  #host: SshAuthority | undefined;
  #user: SshAuthority | undefined;
  #spiffe: JwtAuthority | undefined;

  constructor(options: AuthoritySetOptions) {
    this.#options = options;
  }

  /** Signs certificates of servers. */
  get host(): SshAuthority {
    this.#host ??= this.#withSsh("host", "hostTls", "hostSsh");
    return this.#host;
  }

  /** Signs certificates of users, bots included. */
  get user(): SshAuthority {
    this.#user ??= this.#withSsh("user", "userTls", "userSsh");
    return this.#user;
  }

  /** Signs certificates of databases. */
  get db(): Authority {
    return this.#tlsOnly("db", "db");
  }

  /** Signs what is shown to databases: an authority of its own since version 15, before it that of databases. */
  get dbClient(): Authority {
    const isOwn = this.#options.profile.authorityTypes.includes("db_client");
    return isOwn ? this.#tlsOnly("db_client", "dbClient") : this.db;
  }

  /** Signs SPIFFE identities of workloads. */
  get spiffe(): JwtAuthority {
    this.#spiffe ??= this.#withJwt("spiffe", "spiffeTls", "spiffeJwt");
    return this.#spiffe;
  }

  /** Gives one authority by its type; undefined for a type that this version does not have. */
  find(type: string): Authority | SshAuthority | JwtAuthority | undefined {
    const known = this.#options.profile.authorityTypes.find((each) => each === type);
    if (known === undefined) return undefined;
    if (known === "host") return this.host;
    if (known === "user") return this.user;
    if (known === "spiffe") return this.spiffe;
    return known === "db" ? this.db : this.dbClient;
  }

  #withSsh(type: AuthorityType, tls: keyof AuthorityKeys, ssh: keyof AuthorityKeys): SshAuthority {
    const { vault } = this.#options;
    const stored = vault?.load(type);
    const tlsKey = stored === undefined ? this.#key(tls) : keyOfPem(stored.tlsKeyPem);
    const sshKey = stored?.sshKeyPem === undefined ? this.#key(ssh) : keyOfPem(stored.sshKeyPem);
    const { tlsCertificatePem } = stored ?? {};
    const made = createSshAuthority({ ...this.#common(type), tlsKey, sshKey, tlsCertificatePem });
    if (stored === undefined) {
      const kept = {
        tlsKeyPem: keyPem(tlsKey),
        tlsCertificatePem: made.tlsCertificatePem,
        sshKeyPem: keyPem(sshKey),
      };
      vault?.store(type, kept);
    }
    return made;
  }

  #withJwt(type: AuthorityType, tls: keyof AuthorityKeys, jwt: keyof AuthorityKeys): JwtAuthority {
    const { vault } = this.#options;
    const stored = vault?.load(type);
    const tlsKey = stored === undefined ? this.#key(tls) : keyOfPem(stored.tlsKeyPem);
    const jwtPrivateKey = stored?.jwtKeyPem === undefined ? this.#key(jwt) : keyOfPem(stored.jwtKeyPem);
    const { tlsCertificatePem } = stored ?? {};
    const made = createAuthority({ ...this.#common(type), tlsKey, tlsCertificatePem });
    if (stored === undefined) {
      const kept = { tlsKeyPem: keyPem(tlsKey), jwtKeyPem: keyPem(jwtPrivateKey) };
      vault?.store(type, { ...kept, tlsCertificatePem: made.tlsCertificatePem });
    }
    return { ...made, jwtPrivateKey };
  }

  #tlsOnly(type: AuthorityType, key: keyof AuthorityKeys): Authority {
    const known = this.#made.get(type);
    if (known !== undefined) return known;
    const { vault } = this.#options;
    const stored = vault?.load(type);
    const tlsKey = stored === undefined ? this.#key(key) : keyOfPem(stored.tlsKeyPem);
    const { tlsCertificatePem } = stored ?? {};
    const made = createAuthority({ ...this.#common(type), tlsKey, tlsCertificatePem });
    if (stored === undefined) {
      vault?.store(type, { tlsKeyPem: keyPem(tlsKey), tlsCertificatePem: made.tlsCertificatePem });
    }
    this.#made.set(type, made);
    return made;
  }

  #common(type: AuthorityType): { type: AuthorityType; clusterName: string; now: Date } {
    return { type, clusterName: this.#options.clusterName, now: this.#options.clock.now() };
  }

  #key(name: keyof AuthorityKeys): KeyObject {
    const { keys, profile, rsaOnly } = this.#options;
    return keys[name] ?? createPrivateKeySync(authorityKeyKinds(profile, rsaOnly)[name]);
  }
}
