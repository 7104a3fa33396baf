import type { Socket } from "node:net";
import type { Clock, Logger, RetryPolicy, Secret } from "@bot-join/core";

/** The environment of the job's process, handed in by `runner`. */
export type PlatformEnvironment = Readonly<Record<string, string | undefined>>;

/** What {@link fetchIdToken} is asked for. */
export interface IdTokenRequest {
  platform: PlatformEnvironment;
  /** The audience that the cluster will require in the token. */
  audience: string;
  /** A token named by the inputs; the first that is set is taken, and the platform is then not asked. */
  given?: {
    idToken?: Secret | undefined;
    idTokenFile?: string | undefined;
    idTokenCommand?: string | undefined;
  };
  joinMethod: string;
}

/** What fetching an ID token needs from outside. */
export interface IdTokenDeps {
  clock: Clock;
  logger: Logger;
  /** Random number in [0, 1), for jitter. */
  random(): number;
  retryPolicy: RetryPolicy;
  signal: AbortSignal;
  /** Registers a secret for masking; called before its first use. */
  onSecret(secret: Secret): void;
  /** Opens a way through the job's HTTP proxy; undefined, as when it is left out, means to connect directly. */
  openTunnel?(url: URL): Promise<Socket | undefined>;
}

/** An ID token in hand; its signature is not verified. */
export interface IdToken {
  token: Secret;
  claims: Record<string, unknown>;
  /** Where it came from, for the log: `GitHub Actions`, `the file /run/token`. */
  source: string;
  /** The time that the issuing server claimed when it answered, to tell a wrong clock. */
  serverDate?: Date;
}

/** A token as a platform hands it over, not yet looked into. */
export type RawIdToken = Omit<IdToken, "claims">;

/** One CI platform: how to know it, and how to get its ID token. */
export interface Platform {
  /** Also the name of the join method. */
  name: string;
  /** Says by what the platform was recognised, or gives undefined. */
  detect(environment: PlatformEnvironment): string | undefined;
  fetchToken(request: IdTokenRequest, deps: IdTokenDeps): Promise<RawIdToken>;
}
