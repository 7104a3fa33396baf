import { randomUUID } from "node:crypto";
import {
  botRole,
  botUser,
  presetRoles,
  type Resource,
  type RoleResource,
  type TokenResource,
  type UserResource,
} from "@bot-join/resources";
import type { VersionProfile } from "../profiles/version-profile.ts";
import { acceptToken } from "./accept-token.ts";
import type { Lock } from "./lock.ts";

/** A user and what the server counts about it. */
export interface UserRecord {
  readonly user: UserResource;
  /** Generation of the last renewable certificate; 0 for none yet (join.md section 8.4). */
  generation: number;
}

/** What is kept of a bot instance for its certificates. */
export interface BotInstance {
  readonly id: string;
  /** Name of the bot, without `bot-`. */
  readonly botName: string;
  generation: number;
}

/** Everything that a cluster stores. */
export class ClusterState {
  readonly users: Map<string, UserRecord> = new Map();
  readonly roles: Map<string, RoleResource> = new Map();
  readonly tokens: Map<string, TokenResource> = new Map();
  readonly botInstances: Map<string, BotInstance> = new Map();
  /** Names of the Kubernetes clusters that are registered. */
  readonly kubernetesClusters: Set<string> = new Set();
  readonly #locks: Lock[] = [];
  readonly #profile: VersionProfile;

  constructor(profile: VersionProfile) {
    this.#profile = profile;
    for (const role of presetRoles()) this.roles.set(role.name, role);
  }

  /**
   * Creates or replaces resources; a bot makes its user and its role. Throws `ERR_EMULATOR_RESOURCE_REFUSED` for a
   * resource that the server would not store, without storing any.
   */
  addResources(resources: readonly Resource[]): void {
    const accepted = resources.map((resource) =>
      resource.kind === "token" ? acceptToken(resource, this.#profile) : resource,
    );
    for (const resource of accepted) this.#add(resource);
  }

  /** Makes the record of a new bot instance, which begins with generation 1. */
  createBotInstance(botName: string): BotInstance {
    const instance = { id: randomUUID(), botName, generation: 1 };
    this.botInstances.set(instance.id, instance);
    return instance;
  }

  /** Stops something for good. */
  addLock(lock: Lock): void {
    this.#locks.push(lock);
  }

  /** Finds the lock in force on any of some targets. */
  findLock(targets: readonly string[]): Lock | undefined {
    return this.#locks.find(({ target }) => targets.includes(target));
  }

  #add(resource: Resource): void {
    if (resource.kind === "token") this.tokens.set(resource.name, resource);
    else if (resource.kind === "role") this.roles.set(resource.name, resource);
    else if (resource.kind === "user") this.#addUser(resource);
    else {
      const role = botRole(resource);
      this.roles.set(role.name, role);
      this.#addUser(botUser(resource));
    }
  }

  #addUser(user: UserResource): void {
    this.users.set(user.name, { user, generation: this.users.get(user.name)?.generation ?? 0 });
  }
}
