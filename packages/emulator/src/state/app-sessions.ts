import { randomBytes } from "node:crypto";
import type { Clock } from "@bot-join/core";

/** Whose session with an application it is, and until when. */
interface AppSession {
  username: string;
  expires: Date;
}

/** The sessions that application certificates name (proxy-transport.md section 6.2); gone with the process. */
export class AppSessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, AppSession>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a session and gives its id, 64 hexadecimal digits. */
  create(session: AppSession): string {
    const id = randomBytes(32).toString("hex");
    this.#sessions.set(id, session);
    return id;
  }

  /** Finds a session that has not ended. */
  find(id: string): AppSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || session.expires > this.#clock.now()) return session;
    this.#sessions.delete(id);
    return undefined;
  }
}
