import type { Socket } from "node:net";
import type { Clock, Logger, RetryPolicy, Secret } from "@bot-join/core";

/** The environment of the job's process, handed in by `runner`. */
export type PlatformEnvironment = Readonly<Record<string, string | undefined>>;

/** What {@link fetchIdToken} is asked for. */
export interface IdTokenRequest {
  platform: PlatformEnvironment;
  /** The audience that the cluster will require in the token; empty where it is not known before the join. */
  audience: string;
  /** A token named by the inputs; the first that is set is taken, and the platform is then not asked. */
  given?: {
    idToken?: Secret | undefined;
    idTokenFile?: string | undefined;
    idTokenCommand?: string | undefined;
    /** Names of variables; of those that are filled in, the first that is for the audience is taken. */
    idTokenVariables?: readonly string[] | undefined;
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

/** A variable that a platform sets; without a value, it is enough that it is filled in. */
export interface Sign {
  variable: string;
  value?: string;
}

/** What the ID tokens of one platform look like, and what every cluster demands of them (id-tokens.md section 0). */
export interface TokenRules {
  /** Matches issuers that are this platform's for certain. */
  issuer: RegExp;
  /** How the issuer has to look, where no cluster takes another one than `issuer` matches. */
  onlyIssuer?: string;
  /** The audience, where it is the same on every cluster. */
  audience?: string;
  /** Where the audience is said, as a hint. */
  audienceHint: string;
  /** Throws for further claims that no cluster takes; `source` names the token's origin. */
  check?(claims: Record<string, unknown>, source: string): void;
}

/** One CI platform: how to know it, how to get its ID token, and what that has to look like. */
export interface Platform {
  /** Also the name of the join method. */
  name: string;
  /** As sentences name it: `GitHub Actions`. */
  title: string;
  /** Variables that tell it: the first by itself, of the others two together. Empty where no variable tells. */
  signs: readonly Sign[];
  /** Set where CI systems run inside of it: they are taken first. */
  hostsOthers?: true;
  tokens: TokenRules;
  /** Set where the job asks for its token over the network; elsewhere it holds it from the start. */
  overNetwork?: true;
  /** Set where the pipeline's author chooses the name of the variable that holds the token. */
  namesVariable?: true;
  /** Gets the token, or throws what is missing in the platform's configuration; `detected` is where the job seems to run. */
  fetchToken(
    request: IdTokenRequest,
    deps: IdTokenDeps,
    detected?: DetectedPlatform | undefined,
  ): Promise<RawIdToken>;
}

/** The platform that a job runs on. */
export interface DetectedPlatform {
  /** Also the name of its join method. */
  platform: string;
  title: string;
  /** The signs, as a clause: `GITLAB_CI is true and CI_JOB_ID is set`. */
  why: string;
}
