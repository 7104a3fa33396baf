import type { JoinAttrs } from "./join-attrs.ts";

/** One join or renewal, as the server saw it (bot-instance.md section 1). */
export interface BotAuthentication {
  authenticatedAt: Date;
  /** Obsolete copy of `joinAttrs.meta.join_method`. */
  joinMethod: string;
  /** Name of the token; empty for join method `token`. */
  joinToken: string;
  /** Obsolete: raw claims, written by early versions. */
  metadata?: Readonly<Record<string, unknown>>;
  /** 1 at the first join, one more at each renewal. */
  generation: number;
  /** The key that the certificate was issued for, PKIX in PEM. */
  publicKey: string;
  joinAttrs?: JoinAttrs;
}

/** What a bot says of itself; nobody vouches for it. */
export interface BotHeartbeat {
  /** Set by the server. */
  recordedAt: Date;
  isStartup: boolean;
  /** Of the client, without `v`. */
  version: string;
  hostname: string;
  uptimeMs: number;
  joinMethod: string;
  oneShot: boolean;
  /** Go's name, such as `amd64`. */
  architecture: string;
  /** Go's name, such as `linux`. */
  os: string;
  externalUpdater: string;
  externalUpdaterVersion: string;
  updaterInfo?: UpdaterInfo;
  kind: BotKind;
}

/** What an updater tells of itself. */
export interface UpdaterInfo {
  updateGroup: string;
  updateUuid: Uint8Array;
  updaterStatus: UpdaterStatus;
}

/** What runs the bot. */
export type BotKind = "unspecified" | "tbot" | "terraform-provider" | "kubernetes-operator";

/** How an updater fares. */
export type UpdaterStatus = "unspecified" | "ok" | "disabled" | "pinned" | "unreadable";

/** How one service of a bot fares, such as one output. */
export interface BotServiceHealth {
  service: { type: string; name: string };
  status: "unspecified" | "initializing" | "healthy" | "unhealthy";
  reason?: string;
  updatedAt: Date;
}

/** What the server keeps of one joined bot, `kind: bot_instance`. */
export interface BotInstance {
  kind: "bot_instance";
  version: "v1";
  botName: string;
  /** Random UUID; also the resource's name. */
  instanceId: string;
  /** The instance that this one took over from (bound_keypair recovery). */
  previousInstanceId?: string;
  expires?: Date;
  /** Changes with each change of the record. */
  revision?: string;
  initialAuthentication?: BotAuthentication;
  /** Oldest first, at most {@link maxRecords}. */
  latestAuthentications: readonly BotAuthentication[];
  initialHeartbeat?: BotHeartbeat;
  /** Oldest first, at most {@link maxRecords}. */
  latestHeartbeats: readonly BotHeartbeat[];
  serviceHealth: readonly BotServiceHealth[];
}

/** How many authentications and heartbeats are kept beside the first (bot-instance.md section 2). */
export const maxRecords: number = 10;

/** How much longer than its certificate an instance is kept, in milliseconds (bot-instance.md section 2). */
const expiryMarginMs = 5 * 60_000;

/** Makes the record of a bot that joined for the first time; the identifier is the caller's random UUID. */
export function createBotInstance(options: {
  botName: string;
  instanceId: string;
  previousInstanceId?: string;
  authentication: BotAuthentication;
  certificateExpires: Date;
}): BotInstance {
  const { botName, instanceId, previousInstanceId, authentication, certificateExpires } = options;
  const instance: BotInstance = {
    kind: "bot_instance",
    version: "v1",
    botName,
    instanceId,
    latestAuthentications: [],
    latestHeartbeats: [],
    serviceHealth: [],
  };
  if (previousInstanceId !== undefined) instance.previousInstanceId = previousInstanceId;
  return recordAuthentication(instance, authentication, certificateExpires);
}

/**
 * Adds a join or renewal, drops the oldest beyond {@link maxRecords}, and moves the expiry to five minutes after the
 * certificate's. Gives a new record.
 */
export function recordAuthentication(
  instance: BotInstance,
  authentication: BotAuthentication,
  certificateExpires: Date,
): BotInstance {
  return {
    ...instance,
    expires: new Date(certificateExpires.getTime() + expiryMarginMs),
    initialAuthentication: instance.initialAuthentication ?? authentication,
    latestAuthentications: [...instance.latestAuthentications, authentication].slice(-maxRecords),
  };
}

/**
 * Adds a heartbeat at the server's time, whatever time it names, and drops the oldest beyond {@link maxRecords}; what
 * it says of services replaces what was known. The expiry stays. Gives a new record.
 */
export function recordHeartbeat(
  instance: BotInstance,
  heartbeat: Omit<BotHeartbeat, "recordedAt">,
  recordedAt: Date,
  serviceHealth?: readonly BotServiceHealth[],
): BotInstance {
  const recorded: BotHeartbeat = { ...heartbeat, recordedAt };
  return {
    ...instance,
    initialHeartbeat: instance.initialHeartbeat ?? recorded,
    latestHeartbeats: [...instance.latestHeartbeats, recorded].slice(-maxRecords),
    serviceHealth: serviceHealth ?? instance.serviceHealth,
  };
}

/** What a table of instances shows of one (bot-instance.md section 4). */
export interface BotInstanceSummary {
  /** `BOT/UUID`, as `tctl bots instances show` takes it. */
  id: string;
  /** Of the newest authentication; the first one's in brackets when it differs. */
  joinMethod: string;
  hostname: string | undefined;
  joined: Date | undefined;
  lastSeen: Date | undefined;
  generation: number | undefined;
}

/** Sums an instance up as `tctl bots instances list` does. */
export function summarizeBotInstance(instance: BotInstance): BotInstanceSummary {
  const newest = instance.latestAuthentications.at(-1);
  const first = instance.initialAuthentication;
  const heartbeat = instance.latestHeartbeats.at(-1);
  const latestMethod = newest === undefined ? "" : methodOf(newest);
  const firstMethod = first === undefined ? latestMethod : methodOf(first);
  const seen = [first?.authenticatedAt, newest?.authenticatedAt, heartbeat?.recordedAt].flatMap((time) =>
    time === undefined ? [] : [time.getTime()],
  );
  return {
    id: `${instance.botName}/${instance.instanceId}`,
    joinMethod:
      newest === undefined || latestMethod === firstMethod
        ? latestMethod
        : `${latestMethod} (${firstMethod})`,
    hostname: heartbeat?.hostname,
    joined: first?.authenticatedAt,
    lastSeen: seen.length === 0 ? undefined : new Date(Math.max(...seen)),
    generation: newest?.generation,
  };
}

function methodOf({ joinAttrs, joinMethod }: BotAuthentication): string {
  return joinAttrs?.meta.join_method || joinMethod;
}
