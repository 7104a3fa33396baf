import type { Clock } from "@bot-join/core";
import type { AuthoritySet } from "./authority/authority-set.ts";
import type { EmulatorEvent } from "./events.ts";
import type { VersionProfile } from "./profiles/version-profile.ts";
import type { ClusterState } from "./state/cluster-state.ts";

/**
 * Verifies an ID token as the server does and gives its claims; throws a Refusal with the server's text for one that
 * is not what is expected.
 */
export type IdTokenVerifier = (
  idToken: string,
  expected: { issuer: string; audience: string; profile: VersionProfile },
) => Promise<Record<string, unknown>>;

/** What every handler of one cluster works on. */
export interface ClusterContext {
  readonly name: string;
  readonly profile: VersionProfile;
  readonly clock: Clock;
  readonly state: ClusterState;
  readonly authorities: AuthoritySet;
  /** `host:port` of the proxy, as Ping tells it. */
  readonly publicAddress: string;
  readonly verifyIdToken: IdTokenVerifier;
  /** Whether only RSA keys are certified, as by a FIPS build before 17. */
  readonly rsaOnly: boolean;
  emit(event: EmulatorEvent): void;
}
