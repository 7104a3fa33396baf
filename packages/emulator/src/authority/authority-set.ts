import type { KeyObject } from "node:crypto";
import type { Clock } from "@bot-join/core";
import type { AuthorityType, VersionProfile } from "../profiles/version-profile.ts";
import { type Authority, createAuthority, createSshAuthority, type SshAuthority } from "./authority.ts";
import { type AuthorityKeys, authorityKeyKinds } from "./authority-keys.ts";
import { createPrivateKeySync } from "./key-pair.ts";

/** What the authorities of a cluster are made of. */
export interface AuthoritySetOptions {
  clusterName: string;
  profile: VersionProfile;
  clock: Clock;
  /** Keys made before; the rest is made on first use. */
  keys: Partial<AuthorityKeys>;
  /** Whether all keys are RSA, whatever the profile says. */
  rsaOnly: boolean;
}

/** The certificate authorities of one cluster; each is made when it is first needed, since RSA keys take long. */
export class AuthoritySet {
  readonly #options: AuthoritySetOptions;
  readonly #made = new Map<AuthorityType, Authority>();
  #host: SshAuthority | undefined;
  #user: SshAuthority | undefined;

  constructor(options: AuthoritySetOptions) {
    this.#options = options;
  }

  /** Signs certificates of servers. */
  get host(): SshAuthority {
    this.#host ??= createSshAuthority({
      ...this.#common("host"),
      tlsKey: this.#key("hostTls"),
      sshKey: this.#key("hostSsh"),
    });
    return this.#host;
  }

  /** Signs certificates of users, bots included. */
  get user(): SshAuthority {
    this.#user ??= createSshAuthority({
      ...this.#common("user"),
      tlsKey: this.#key("userTls"),
      sshKey: this.#key("userSsh"),
    });
    return this.#user;
  }

  /** Signs certificates of databases. */
  get db(): Authority {
    return this.#tlsOnly("db", "db");
  }

  /** Gives one authority by its type; undefined for a type that this version does not have. */
  find(type: string): Authority | SshAuthority | undefined {
    const known = this.#options.profile.authorityTypes.find((each) => each === type);
    if (known === undefined) return undefined;
    if (known === "host") return this.host;
    if (known === "user") return this.user;
    return known === "db" ? this.db : this.#tlsOnly("db_client", "dbClient");
  }

  #tlsOnly(type: AuthorityType, key: keyof AuthorityKeys): Authority {
    const made = this.#made.get(type) ?? createAuthority({ ...this.#common(type), tlsKey: this.#key(key) });
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
