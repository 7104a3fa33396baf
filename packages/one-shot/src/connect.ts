import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { describeError, parsePem } from "@bot-join/core";
import { type GrpcChannel, ProxyDialer } from "@bot-join/transport";
import type { Run } from "./context.ts";
import { OneShotError } from "./errors.ts";

/** Larger than any bundle of authorities; a longer file is not one. */
const maxCaFileBytes = 4 * 1024 * 1024;

async function readCaFile(path: string): Promise<string[]> {
  const wrong = (what: string, cause?: unknown): OneShotError =>
    new OneShotError({
      code: "ERR_RUN_FILE_INPUT",
      kind: "user",
      message: `The file ${path} (input ca-file) ${what}.`,
      hint: "Give a file of PEM certificates: the authority that issued the proxy's web certificate.",
      cause,
    });
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw wrong(`cannot be read: ${describeError(error)}`, error);
  });
  if (text.length > maxCaFileBytes) throw wrong(`is longer than ${maxCaFileBytes / 1024 / 1024} MiB`);
  const certificates = parsePem(text).filter((block) => block.label === "CERTIFICATE");
  if (certificates.length === 0) throw wrong("holds no PEM certificate");
  return [text];
}

/** What a run asks first: the web API or the join service, each to be let in; or the Auth Service, to be renewed. */
export type FirstStep = "web" | "join-service" | "renewal";

/**
 * The two connections of a join. Both start at once, before anything else is known: TLS for whatever lets the bot in,
 * and plain TCP for the Auth Service, whose TLS needs the certificate that the join gives
 * (measured-14.2.0.md section 3).
 */
export class Connections implements Disposable {
  readonly dialer: ProxyDialer;
  readonly #over: AbortController;
  #web: Promise<TLSSocket> | undefined;
  #joinService: Promise<TLSSocket> | undefined;
  readonly #spares: Promise<Socket>[];
  readonly #channels: GrpcChannel[] = [];

  /**
   * `over` is the dialer's own end: aborting it gives up connections that are still being made. At a renewal the Auth Service
   * will be asked twice, as two identities.
   */
  constructor(dialer: ProxyDialer, over: AbortController, first: FirstStep) {
    this.dialer = dialer;
    this.#over = over;
    this.#web = first === "web" ? dialer.openWeb() : undefined;
    this.#joinService = first === "join-service" ? dialer.openJoinService() : undefined;
    this.#spares = first === "renewal" ? [dialer.openTcp(), dialer.openTcp()] : [dialer.openTcp()];
    // Whoever takes a connection sees its failure; until then it is no unhandled rejection.
    for (const early of [this.#web, this.#joinService, ...this.#spares]) early?.catch(() => {});
  }

  /** Gives the web connection, a new one after the first was taken or has gone. */
  async takeWeb(): Promise<TLSSocket> {
    const early = this.#web;
    this.#web = undefined;
    const socket = await early;
    return isUsable(socket) ? socket : this.dialer.openWeb();
  }

  /** Gives the connection for the join service, a new one after the first was taken or has gone. */
  async takeJoinService(): Promise<TLSSocket> {
    const early = this.#joinService;
    this.#joinService = undefined;
    const socket = await early;
    return isUsable(socket) ? socket : this.dialer.openJoinService();
  }

  /** Gives the connection for the Auth Service, a new one after the first was taken or has gone. */
  async takeTcp(): Promise<Socket> {
    const socket = await this.#spares.shift()?.catch(() => undefined);
    return isUsable(socket) ? socket : this.dialer.openTcp();
  }

  /** Closes a channel at the end of the run, and not before. */
  keep(channel: GrpcChannel): void {
    this.#channels.push(channel);
  }

  [Symbol.dispose](): void {
    for (const channel of this.#channels) channel.close();
    this.#over.abort();
    this.dialer.close();
  }
}

/** A server may have closed a connection that nobody used for a while. */
function isUsable<T extends Socket>(socket: T | undefined): socket is T {
  return socket !== undefined && !socket.destroyed && !socket.readableEnded;
}

/**
 * Starts the two connections of a run: those of a join, or those of a renewal. Throws `ERR_RUN_FILE_INPUT` for an unusable
 * ca-file.
 */
export async function startConnections(
  { plan, context, signal }: Run,
  renews: boolean,
): Promise<Connections> {
  // What the method says of itself saves the round trip of a trial (join.md section 5.6).
  const admission = plan.joinMethod.joinServiceSince === undefined ? "web" : "join-service";
  const over = new AbortController();
  const dialer = new ProxyDialer({
    proxy: plan.proxy,
    webTrust: {
      ca: plan.caFile === undefined ? undefined : await readCaFile(plan.caFile),
      insecure: plan.insecure,
    },
    environment: context.runner.environment,
    signal: AbortSignal.any([signal, over.signal]),
  });
  return new Connections(dialer, over, renews ? "renewal" : admission);
}
