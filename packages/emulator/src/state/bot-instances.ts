import { randomUUID } from "node:crypto";
import type { Clock } from "@bot-join/core";
import {
  type BotAuthentication,
  type BotHeartbeat,
  type BotInstance,
  type BotServiceHealth,
  createBotInstance,
  recordAuthentication,
  recordHeartbeat,
} from "@bot-join/resources";

/** Where bot instances are kept; calls return when it is done. */
export interface InstanceShelf {
  /** Gives all of them, or those of one bot, in no particular order. */
  all(botName?: string): Iterable<BotInstance>;
  find(botName: string, id: string): BotInstance | undefined;
  put(instance: BotInstance): void;
  remove(botName: string, id: string): void;
}

/** The bot instances of a cluster; those whose time is over are gone. */
export class BotInstances {
  readonly #clock: Clock;
  readonly #shelf: InstanceShelf;

  constructor(clock: Clock, shelf: InstanceShelf = createMemoryShelf()) {
    this.#clock = clock;
    this.#shelf = shelf;
  }

  /** Records that a bot has joined, as a new instance. */
  create(joined: {
    botName: string;
    instanceId: string;
    authentication: BotAuthentication;
    certificateExpires: Date;
  }): void {
    this.#put(createBotInstance(joined));
  }

  /** Records that an instance got further certificates. */
  authenticate(instance: BotInstance, authentication: BotAuthentication, certificateExpires: Date): void {
    this.#put(recordAuthentication(instance, authentication, certificateExpires));
  }

  /** Records a heartbeat at this moment. */
  heartbeat(
    instance: BotInstance,
    heartbeat: Omit<BotHeartbeat, "recordedAt">,
    health: readonly BotServiceHealth[] | undefined,
  ): void {
    this.#put(recordHeartbeat(instance, heartbeat, this.#clock.now(), health));
  }

  /** Finds one instance of a bot. */
  get(botName: string, id: string): BotInstance | undefined {
    const found = this.#shelf.find(botName, id);
    return found === undefined || this.#dropIfOver(found) ? undefined : found;
  }

  /** Gives all instances, or those of one bot. */
  list(botName?: string): BotInstance[] {
    return [...this.#shelf.all(botName)].filter((instance) => !this.#dropIfOver(instance));
  }

  /** Forgets an instance. */
  remove(botName: string, id: string): void {
    this.#shelf.remove(botName, id);
  }

  #put(instance: BotInstance): void {
    this.#shelf.put({ ...instance, revision: randomUUID() });
  }

  #dropIfOver({ expires, botName, instanceId }: BotInstance): boolean {
    const isOver = expires !== undefined && expires <= this.#clock.now();
    if (isOver) this.#shelf.remove(botName, instanceId);
    return isOver;
  }
}

function createMemoryShelf(): InstanceShelf {
  const bots = new Map<string, Map<string, BotInstance>>();
  return {
    *all(botName) {
      const chosen =
        botName === undefined ? bots.values() : [bots.get(botName) ?? new Map<string, BotInstance>()];
      for (const instances of chosen) yield* [...instances.values()];
    },
    find: (botName, id) => bots.get(botName)?.get(id),
    put: (instance) => {
      const instances = bots.get(instance.botName) ?? new Map<string, BotInstance>();
      bots.set(instance.botName, instances.set(instance.instanceId, instance));
    },
    remove: (botName, id) => void bots.get(botName)?.delete(id),
  };
}
