import type { Socket } from "node:net";
import type { WebAnswer } from "@bot-join/transport";
import type { AuthSession, SessionIdentity } from "./auth-session.ts";

/** Opens connections to the Auth Service as somebody. */
export interface AuthDialer {
  openTcp(): Promise<Socket>;
  openSession(tcp: Socket, identity: SessionIdentity): Promise<AuthSession>;
  /** Sends one request of the HTTP API that releases before gRPC had (user-certs.md section 2.11); it ends the connection. */
  postJson(tcp: Socket, identity: SessionIdentity, path: string, body: unknown): Promise<WebAnswer>;
}

/**
 * The bot with some of its roles, for what only those allow: seeing databases, applications and Kubernetes clusters, host
 * certificates, workload identities. The bot itself has none of these rights (user-certs.md section 2.9).
 */
export class Impersonation {
  readonly #dialer: AuthDialer;
  readonly #identity: Promise<SessionIdentity>;
  #early: Promise<Socket> | undefined;
  #session: Promise<AuthSession> | undefined;

  /** The TCP connection is made while the identity is asked for. */
  constructor(dialer: AuthDialer, identity: Promise<SessionIdentity>) {
    this.#dialer = dialer;
    this.#identity = identity;
    this.#early = dialer.openTcp();
    this.#early.catch(() => {});
  }

  /** The one session, opened by the first who asks for it. */
  session(): Promise<AuthSession> {
    this.#session ??= this.#open();
    return this.#session;
  }

  /** Sends a request of the HTTP API, on a connection of its own. */
  async postJson(path: string, body: unknown): Promise<WebAnswer> {
    const identity = await this.#identity;
    return this.#dialer.postJson(await this.#takeTcp(), identity, path, body);
  }

  async #open(): Promise<AuthSession> {
    const identity = await this.#identity;
    return this.#dialer.openSession(await this.#takeTcp(), identity);
  }

  #takeTcp(): Promise<Socket> {
    const early = this.#early ?? this.#dialer.openTcp();
    this.#early = undefined;
    return early;
  }
}

/** The impersonations of one join, one for each set of roles. */
export class Impersonations {
  readonly #create: (roles: string[]) => Impersonation;
  readonly #byRoles = new Map<string, Impersonation>();

  constructor(create: (roles: string[]) => Impersonation) {
    this.#create = create;
  }

  /** Gives the one with these roles, whatever their order. */
  with(roles: string[]): Impersonation {
    const key = JSON.stringify([...roles].sort());
    const found = this.#byRoles.get(key) ?? this.#create(roles);
    this.#byRoles.set(key, found);
    return found;
  }
}
