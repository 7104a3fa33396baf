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

/**
 * The two connections of a join. Both start at once, before anything else is known: TLS for the request that
 * joins, and plain TCP for the Auth Service, whose TLS needs the certificate that the join gives
 * (measured-14.2.0.md section 3).
 */
export class Connections implements Disposable {
  readonly dialer: ProxyDialer;
  readonly #over: AbortController;
  #web: Promise<TLSSocket> | undefined;
  readonly #spares: Promise<Socket>[];
  readonly #channels: GrpcChannel[] = [];

  /**
   * `over` is the dialer's own end: aborting it gives up connections that are still being made. `renews` says that the
   * Auth Service will be asked twice, as two identities, and the web API not at all.
   */
  constructor(dialer: ProxyDialer, over: AbortController, renews: boolean) {
    this.dialer = dialer;
    this.#over = over;
    this.#web = renews ? undefined : dialer.openWeb();
    this.#spares = renews ? [dialer.openTcp(), dialer.openTcp()] : [dialer.openTcp()];
    // Whoever takes a connection sees its failure; until then it is no unhandled rejection.
    for (const early of [this.#web, ...this.#spares]) early?.catch(() => {});
  }

  /** Gives the web connection, a new one after the first was taken or has gone. */
  async takeWeb(): Promise<TLSSocket> {
    const early = this.#web;
    this.#web = undefined;
    const socket = await early;
    return socket === undefined || socket.destroyed || socket.readableEnded ? this.dialer.openWeb() : socket;
  }

  /** Gives the connection for the Auth Service, a new one after the first was taken or has gone. */
  async takeTcp(): Promise<Socket> {
    const socket = await this.#spares.shift()?.catch(() => undefined);
    return socket === undefined || socket.destroyed || socket.readableEnded ? this.dialer.openTcp() : socket;
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

/**
 * Starts the two connections of a run: those of a join, or those of a renewal. Throws `ERR_RUN_FILE_INPUT` for an unusable
 * ca-file.
 */
export async function startConnections(
  { plan, context, signal }: Run,
  renews: boolean,
): Promise<Connections> {
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
  return new Connections(dialer, over, renews);
}
