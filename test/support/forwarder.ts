import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * Bytes that one direction holds before it stops reading: enough for 40 MB/s at 100 ms, little enough that a
 * fast sender feels a slow receiver.
 */
const maxHeldBytes = 4 * 1024 * 1024;

export interface ForwarderOptions {
  /** host:port of the server. */
  target: string;
  /** Time that the way there and back takes, in milliseconds, half of it each way. */
  roundTripMs: number;
}

/** What went one way on one connection at one depth. */
interface Flight {
  connection: number;
  from: "client" | "server";
  depth: number;
  bytes: number;
  /** Milliseconds since the first connection. */
  at: number;
}

/**
 * Counts round trips as a logical clock. The client's depth is the highest depth of anything that has reached it.
 * What it sends carries its depth at that moment; what a server says has the depth of the latest client bytes that
 * had reached it on that connection, plus one; a TCP handshake is a flight of its own. The count is the client's depth.
 *
 * It is the longest chain of flights in the order of time, so whatever waited for something else is in it: it is
 * never too low. It is too high when bytes that nobody waits for (a TLS ticket, an HTTP/2 SETTINGS) arrive before
 * the client has sent what it had to send anyway, or before a slow server has answered. With a delay well above
 * the time that client and server compute this does not happen; where it could, the smallest of several counts is the
 * right one. Without any delay a count means nothing.
 *
 * Two things cannot be seen from here: that something on another connection waited for a TCP handshake (the kernel
 * finishes it before the forwarder hears of it), and that a client waits on a connection whose sending side it has ended:
 * what comes there is not counted, as it is the server's goodbye.
 */
class RoundTripClock {
  readonly flights: Flight[] = [];
  connections = 0;
  #depth = 0;
  #start = 0;
  /** Handshakes that are still on the way to the client: depth and time of arrival. */
  #handshakes: { depth: number; due: number }[] = [];

  /** The client's depth now. */
  depth(): number {
    const now = performance.now();
    for (const { depth, due } of this.#handshakes) if (due <= now) this.#depth = Math.max(this.#depth, depth);
    this.#handshakes = this.#handshakes.filter(({ due }) => due > now);
    return this.#depth;
  }

  /** The client's depth once everything that is on its way has arrived. */
  get final(): number {
    return Math.max(this.#depth, ...this.#handshakes.map(({ depth }) => depth));
  }

  /** Notes a new connection whose handshake the client sees finished at `due`. */
  open(due: number): { connection: number; depth: number } {
    if (this.connections === 0) this.#start = performance.now();
    const depth = this.depth() + 1;
    this.#handshakes.push({ depth, due });
    this.connections++;
    return { connection: this.connections, depth };
  }

  /** Notes what a server said when it reaches the client. */
  reached(depth: number): void {
    this.#depth = Math.max(this.depth(), depth);
  }

  /** Keeps the story of the count. */
  sent(flight: Omit<Flight, "at">): void {
    const last = this.flights.findLast(({ connection }) => connection === flight.connection);
    if (last !== undefined && last.from === flight.from && last.depth === flight.depth)
      last.bytes += flight.bytes;
    else this.flights.push({ ...flight, at: performance.now() - this.#start });
  }

  forget(): void {
    this.flights.length = 0;
    this.connections = 0;
    this.#depth = 0;
    this.#handshakes = [];
  }
}

interface Held {
  due: number;
  depth: number;
  /** Undefined is the end of the direction. */
  chunk: Buffer | undefined;
}

interface DirectionOptions {
  source: Socket;
  target: Socket;
  delayMs: number;
  /** Nothing leaves the source before this time: it is still waiting for its handshake. */
  notBefore: number;
  /** Gives the depth of what has just left the source: bytes, or its end. */
  leaves(bytes: number | undefined): number;
  arrives(depth: number): void;
}

/** Forwards one direction: everything goes out in order, `delayMs` after it came. A reset is passed on as an end. */
class Direction {
  readonly #options: DirectionOptions;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #ended = false;
  #blocked = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DirectionOptions) {
    this.#options = options;
    const { source, target } = options;
    source.on("data", (chunk: Buffer) => this.#take(chunk));
    source.once("end", () => this.#take(undefined));
    source.once("close", () => this.#take(undefined));
    target.on("drain", () => {
      this.#blocked = false;
      this.#release();
    });
    // Nobody is left to receive: the rest is read and dropped, as the other direction may still be in use.
    target.once("close", () => {
      this.#ended = true;
      this.stop();
      source.resume();
    });
  }

  /** Drops what is held. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #take(chunk: Buffer | undefined): void {
    if (this.#ended) return;
    const { source, notBefore, delayMs, leaves } = this.#options;
    this.#ended = chunk === undefined;
    const due = Math.max(performance.now(), notBefore) + delayMs;
    this.#held.push({ due, depth: leaves(chunk?.length), chunk });
    this.#heldBytes += chunk?.length ?? 0;
    if (this.#heldBytes > maxHeldBytes) source.pause();
    this.#release();
  }

  /** Sends what is due, until the target has enough. */
  #release(): void {
    const { source, target, arrives } = this.#options;
    clearTimeout(this.#timer);
    for (let [first] = this.#held; first !== undefined && !this.#blocked; [first] = this.#held) {
      const wait = first.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#release(), Math.ceil(wait));
        return;
      }
      this.#held.shift();
      this.#heldBytes -= first.chunk?.length ?? 0;
      arrives(first.depth);
      if (first.chunk === undefined) target.end();
      else this.#blocked = !target.write(first.chunk);
      if (this.#heldBytes <= maxHeldBytes) source.resume();
    }
  }
}

/** A TCP forwarder on loopback that makes a server seem far away and counts what that costs a client. */
export interface Forwarder extends AsyncDisposable {
  /** `localhost:port`, to be dialled instead of the target. */
  readonly address: string;
  /** Connections since the start. */
  readonly connections: number;
  /** Round trips on the critical path since the start: never too low, see {@link RoundTripClock}. */
  readonly roundTrips: number;
  /** How the count came about, a line for each flight, for messages of failing tests. */
  timeline(): string;
  /** Counts from zero again; meant for when no connection is open. */
  restart(): void;
}

function addressOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** Starts a {@link Forwarder} on a free port of loopback. */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const { roundTripMs } = options;
  const clock = new RoundTripClock();
  const open = new Set<() => void>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const connectedAt = performance.now() + roundTripMs;
    const { connection, depth: handshake } = clock.open(connectedAt);
    let reachedServer = handshake;
    let clientEnded = false;
    const upstream = connect({ ...addressOf(options.target), allowHalfOpen: true, noDelay: true });
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
    const directions = [
      new Direction({
        source: client,
        target: upstream,
        delayMs: roundTripMs / 2,
        // The kernel has told the client of its connection already; in truth it would hear of it only then.
        notBefore: connectedAt,
        leaves: (bytes) => {
          const depth = Math.max(clock.depth(), handshake);
          if (bytes === undefined) clientEnded = true;
          else clock.sent({ connection, from: "client", depth, bytes });
          return depth;
        },
        arrives: (depth) => {
          reachedServer = depth;
        },
      }),
      new Direction({
        source: upstream,
        target: client,
        delayMs: roundTripMs / 2,
        // A server learns of a connection by the third packet of its handshake.
        notBefore: connectedAt + roundTripMs / 2,
        leaves: (bytes) => {
          if (bytes !== undefined)
            clock.sent({ connection, from: "server", depth: reachedServer + 1, bytes });
          return reachedServer + 1;
        },
        arrives: (depth) => {
          if (!clientEnded) clock.reached(depth);
        },
      }),
    ];
    const close = (): void => {
      for (const direction of directions) direction.stop();
      client.destroy();
      upstream.destroy();
    };
    open.add(close);
    let closing = 2;
    for (const socket of [client, upstream])
      socket.once("close", () => --closing === 0 && open.delete(close));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `localhost:${port}`,
    get connections() {
      return clock.connections;
    },
    get roundTrips() {
      return clock.final;
    },
    timeline: () =>
      clock.flights
        .map(
          ({ at, connection, from, depth, bytes }) =>
            `${at.toFixed(0).padStart(6)} ms  connection ${connection}  ${from}  depth ${depth}  ${bytes} bytes`,
        )
        .join("\n"),
    restart: () => clock.forget(),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const close of open) close();
      await closed;
    },
  };
}
