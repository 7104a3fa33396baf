/** Who makes a call, as a client certificate says. */
export interface UserCaller {
  readonly kind: "user";
  readonly username: string;
  readonly roles: readonly string[];
  /** When the certificate ends. */
  readonly expires: Date;
  readonly renewable: boolean;
  readonly disallowReissue: boolean;
  readonly impersonator?: string;
  readonly generation?: number;
  readonly botName?: string;
  readonly botInstanceId?: string;
  readonly loginIp?: string;
  /** JSON of the attributes of the join. */
  readonly joinAttributes?: string;
}

/** Somebody without a client certificate: the built-in role Nop (user-certs.md section 1.2). */
interface AnonymousCaller {
  readonly kind: "anonymous";
}

/** Who makes a call. */
export type Caller = UserCaller | AnonymousCaller;

/** The caller on a connection without a client certificate. */
export const anonymousCaller: Caller = { kind: "anonymous" };
