import { createHash } from "node:crypto";
import type { Secret } from "@bot-join/core";
import { type BotIdentity, restoreIdentity } from "@bot-join/join";
import {
  type BotStorage,
  OutputError,
  openStorage,
  type StoredIdentity,
  systemDeps,
} from "@bot-join/outputs";
import type { Connections } from "./connect.ts";
import type { Run } from "./context.ts";
import { type DataDirectory, nothingKept } from "./data-directory.ts";
import { tokenMissing } from "./errors.ts";
import { formatTime } from "./report.ts";

/** Tells one join token from another without keeping either (outputs.md section 3.2). */
function hashToken(token: Secret): string {
  return createHash("sha256").update(token.reveal()).digest("hex");
}

/** A bot whose identity is kept in a directory, in tbot's files. */
class KeptBot implements DataDirectory {
  readonly path: string;
  readonly #storage: BotStorage;
  #stored: StoredIdentity | undefined;
  expired: Date | undefined;

  constructor(storage: BotStorage, stored: StoredIdentity | undefined) {
    this.path = storage.path;
    this.#storage = storage;
    this.#stored = stored;
  }

  get isFilled(): boolean {
    return this.#stored !== undefined;
  }

  async renew(
    run: Run,
    connections: Connections,
    token: Secret | undefined,
  ): Promise<BotIdentity | undefined> {
    const kept = this.#renewable(run, token);
    if (kept === undefined || this.#stored === undefined) return undefined;
    const { renewBot } = await import("./renew-bot.ts");
    const renewed = await renewBot(run, connections, kept, this.path);
    await this.#write(renewed, this.#stored.tokenHash);
    const { cluster, botName } = renewed.identity;
    run.steps.done(`Renewed the identity of bot ${botName} in ${cluster}, kept in ${this.path}`);
    return renewed;
  }

  keep(bot: BotIdentity, token: Secret): Promise<void> {
    return this.#write(bot, hashToken(token));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage[Symbol.asyncDispose]();
  }

  /** What was found, unless it has expired or was joined with another token. */
  #renewable({ plan, context }: Run, token: Secret | undefined): BotIdentity | undefined {
    const { log } = context.runner;
    if (this.#stored === undefined) {
      if (token === undefined)
        throw tokenMissing(`there is no identity in ${this.path} that could be renewed`);
      return undefined;
    }
    if (token !== undefined && hashToken(token) !== this.#stored.tokenHash) {
      log.info(
        `The identity in ${this.path} was joined with another token: joining anew with the given one.`,
      );
      return undefined;
    }
    const { sshCertificate: ssh, tlsCertificate: tls, privateKeyPem, ...authorities } = this.#stored;
    const where = `The data directory ${this.path}`;
    const bot = restoreIdentity({ ssh, tls, ...authorities }, privateKeyPem, plan.caPins, where);
    if (bot.notAfter > context.clock.now()) return bot;
    this.expired = bot.notAfter;
    const end = formatTime(bot.notAfter);
    if (token === undefined) throw tokenMissing(`the identity in ${this.path} expired at ${end}`);
    log.info(`The identity in ${this.path} expired at ${end}: joining anew with the token.`);
    return undefined;
  }

  /** At once, before anything is asked for with it: the identity before is worth nothing any more. */
  async #write({ keyPair, certificates }: BotIdentity, tokenHash: string): Promise<void> {
    const identity: StoredIdentity = {
      privateKeyPem: keyPair.privateKeyPem,
      publicKeyLine: keyPair.publicKeyLine,
      sshCertificate: certificates.ssh,
      tlsCertificate: certificates.tls,
      sshAuthorities: certificates.sshAuthorities,
      tlsAuthorities: certificates.tlsAuthorities,
      tokenHash,
    };
    try {
      await this.#storage.write(identity);
    } catch (error) {
      throw identityLost(error);
    }
    this.#stored = identity;
  }
}

function identityLost(error: unknown): unknown {
  if (!(error instanceof OutputError)) return error;
  const { code, kind, message, hint, details } = error;
  return new OutputError({
    code,
    kind,
    message,
    hint: `${hint ?? ""} The identity that the cluster has just given is lost with it: to join again, the bot needs a new token and an empty data directory.`,
    details,
    cause: error,
  });
}

/**
 * Opens the plan's data directory before the network is touched, and reads what an earlier run kept. Bots of other methods
 * than `token` prove themselves anew each time and keep nothing. Throws an OutputError.
 */
export async function openDataDirectory({ plan, context }: Run): Promise<DataDirectory> {
  if (plan.dataDirectory === undefined) return nothingKept;
  if (plan.joinMethod.proof !== "secret") {
    context.runner.log.info(
      `data-dir has no effect: a bot of the join method ${plan.joinMethod.name} joins anew each time and keeps nothing.`,
    );
    return nothingKept;
  }
  const storage = await openStorage(plan.dataDirectory, systemDeps());
  try {
    const stored = await storage.read();
    if (stored !== undefined) context.runner.mask(stored.privateKeyPem);
    return new KeptBot(storage, stored);
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}
