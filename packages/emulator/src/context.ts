import type { Clock } from "@bot-join/core";
import type { AuthoritySet } from "./authority/authority-set.ts";
import type { EmulatorEvent } from "./events.ts";
import type { VersionProfile } from "./profiles/version-profile.ts";
import type { EmulatedNode } from "./ssh-transport/nodes.ts";
import type { ClusterState } from "./state/cluster-state.ts";

/** What an ID token is compared with. */
export interface ExpectedIdToken {
  issuer: string;
  audience: string;
  joinMethod: string;
  profile: VersionProfile;
  /** Text of a JWKS that decides instead of the issuer (id-tokens.md section 1.4). */
  staticKeys?: string;
}

/**
 * Verifies an ID token as the server does and gives its claims; throws a Refusal with the server's text for one that
 * is not what is expected.
 */
export type IdTokenVerifier = (
  idToken: string,
  expected: ExpectedIdToken,
) => Promise<Record<string, unknown>>;

/** What every handler of one cluster works on. */
export interface ClusterContext {
  readonly name: string;
  readonly profile: VersionProfile;
  readonly clock: Clock;
  readonly state: ClusterState;
  readonly authorities: AuthoritySet;
  /** The authorities of a leaf cluster. */
  leafAuthorities(cluster: string): AuthoritySet;
  /** The machines that SSH streams can reach, those of leaf clusters included. */
  nodes(): readonly EmulatedNode[];
  /** Name and id of the machine that the services run on. */
  readonly hostName: string;
  readonly hostId: string;
  /** `host:port` of the proxy, as Ping tells it. */
  readonly publicAddress: string;
  readonly verifyIdToken: IdTokenVerifier;
  /** Whether only RSA keys are certified, as by a FIPS build before 17. */
  readonly rsaOnly: boolean;
  emit(event: EmulatorEvent): void;
}
