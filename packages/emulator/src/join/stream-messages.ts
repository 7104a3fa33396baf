import type { Clock } from "@bot-join/core";
import type { GivingUp, GivingUp_Reason, JoinRequest } from "@bot-join/proto";
import { Refusal } from "../refusal.ts";

/** How long a whole attempt may take, in milliseconds (join.md section 5). */
const attemptTimeoutMs = 60_000;

/** Name of the payload of a message from the client; undefined for one that this server does not know. */
type PayloadCase = JoinRequest["payload"]["case"];

/** The payload of one case. */
type PayloadOf<Case extends PayloadCase> = Extract<JoinRequest["payload"], { case: Case }>["value"];

const messageNames = {
  clientInit: "ClientInit",
  tokenInit: "TokenInit",
  oidcInit: "OIDCInit",
  givingUp: "GivingUp",
} as const;

const reasons: Readonly<Record<GivingUp_Reason, string>> = {
  0: "unspecified reason",
  1: "unsupported join method",
  2: "unsupported message type",
  3: "challenge solution failed",
};

/** Reads the client's messages in the order of the protocol, within the time that an attempt has. */
export class StreamMessages implements Disposable {
  readonly #messages: AsyncIterator<JoinRequest>;
  readonly #over = new AbortController();
  readonly #timeout: Promise<never>;

  /** `place` is what the server's text says ended the stream: `server` or `proxy`. */
  constructor(messages: AsyncIterable<JoinRequest>, clock: Clock, place: string) {
    this.#messages = messages[Symbol.asyncIterator]();
    this.#timeout = clock.sleep(attemptTimeoutMs, this.#over.signal).then(() => {
      throw new Refusal(
        "limit-exceeded",
        `join attempt timed out after 1m0s, terminating the stream on the ${place}`,
      );
    });
    // It also ends when the attempt is over, and then nobody waits for it.
    this.#timeout.catch(() => undefined);
  }

  /** Waits for a message of one kind. Throws a Refusal for another, for a client that gives up, and when time is up. */
  async expect<Case extends keyof typeof messageNames>(wanted: Case): Promise<PayloadOf<Case>> {
    const { done, value } = await Promise.race([this.#messages.next(), this.#timeout]);
    // No page words what follows but for its cause; the class is that of a malformed request.
    if (done === true) {
      throw new Refusal("bad-parameter", `the client ended the stream before ${messageNames[wanted]}`);
    }
    const { payload } = value;
    if (payload.case === wanted) return payload.value as PayloadOf<Case>;
    if (payload.case === "givingUp") throw new Refusal("bad-parameter", describeGivingUp(payload.value));
    const found =
      payload.case === undefined ? "a message that is not known here" : messageNames[payload.case];
    throw new Refusal("bad-parameter", `expected ${messageNames[wanted]}, got ${found}`);
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }
}

/** The client's own words are shown in one printable line. */
function describeGivingUp({ reason, msg }: GivingUp): string {
  const said = msg.replace(/[^\x20-\x7e]+/g, " ").slice(0, 200);
  return `client gave up on the join attempt: ${reasons[reason] ?? "unspecified reason"}${said === "" ? "" : `: ${said}`}`;
}
