/** What the emulator does wrong on purpose, so that clients can be tried against it. */
export interface Faults {
  /** Closes connections without an answer: when accepted, after the ClientHello, or after the handshake. */
  connection?: "drop" | "drop-after-hello" | "drop-after-handshake";
  /** Waits before each TLS handshake, in milliseconds of the emulator's clock. */
  delayMs?: number;
  /** Behaves like a load balancer that ends TLS: no ALPN is answered and only the web API is reachable. */
  stripAlpn?: boolean;
  /** The certificate of the web routes; takes effect at the start only. */
  webCertificate?: "unknown-ca" | "expired" | "wrong-name";
  /** Spoils every answer of the web API. */
  web?: AnswerFault;
  /** Spoils the answer of the join endpoint alone; a status answers that error without joining. */
  join?: AnswerFault;
  /** Spoils what a join answer contains, while its form stays right. */
  joinContent?: JoinContentFault;
  /** Spoils every gRPC answer; a code answers that status without calling the service. */
  rpc?: "drop" | "truncated" | { code: number; message: string };
  /** Cuts an SSH stream: before the node is dialled, or after so many bytes from the node. */
  ssh?: "drop-before-dial" | { dropAfterBytes: number };
  /** How many answers or connections are spoilt in all before everything is well; default: no end. */
  times?: number;
}

/**
 * Ways to spoil an HTTP answer: close instead, close in the middle of the body, send a web page, send 20 MB, or
 * answer like something that is no Teleport proxy.
 */
export type AnswerFault =
  | "drop"
  | "truncated"
  | "html"
  | "huge"
  | "not-teleport"
  | { status: number; body?: string; headers?: Record<string, string> };

/** Ways to spoil the content of a join answer: a certificate for another key, CAs of another cluster, and so on. */
export type JoinContentFault = "wrong-key" | "wrong-authorities" | "missing-tls" | "garbage-certificate";

/** Size of the body that `huge` sends: more than any client should read. */
export const hugeBodyBytes = 20_000_000;

/** Holds the current faults and counts down their `times`. */
export class FaultPlan {
  #faults: Faults = {};
  #left = Number.POSITIVE_INFINITY;

  constructor(faults: Faults = {}) {
    this.set(faults);
  }

  set(faults: Faults): void {
    this.#faults = faults;
    this.#left = faults.times ?? Number.POSITIVE_INFINITY;
  }

  /** The faults in force, without counting a use. */
  peek(): Faults {
    return this.#left > 0 ? this.#faults : {};
  }

  /** One kind of fault, counted as used when there is one. */
  take<Kind extends keyof Faults>(kind: Kind): Faults[Kind] {
    const fault = this.peek()[kind];
    if (fault !== undefined) this.#left--;
    return fault;
  }

  /** Whether a kind of fault has this value; counted as used when it has. */
  takeIf<Kind extends keyof Faults>(kind: Kind, value: Faults[Kind]): boolean {
    return this.peek()[kind] === value && this.take(kind) !== undefined;
  }
}
