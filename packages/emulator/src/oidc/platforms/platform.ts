/** What one CI platform's ID tokens look like (id-tokens.md sections 2 to 11). */
export interface Platform {
  /** The join method that takes these tokens. */
  readonly joinMethod: string;
  /** The issuer of {@link claims}: the platform's only one, or that of a made-up customer. */
  readonly issuer: string;
  /** Issuers of other customers. */
  readonly issuerPattern: RegExp;
  /** Where discovery says that the keys are. */
  keysUrl(issuer: string): string;
  /** When a token becomes valid, counted from its making; absent: the platform sets no `nbf`. */
  readonly notBeforeSeconds?: number;
  readonly lifetimeSeconds: number;
  /** Claims of one job beside `iss`, `jti` and the times, each with the name and type that the platform gives it. */
  readonly claims: Readonly<Record<string, unknown>>;
}
