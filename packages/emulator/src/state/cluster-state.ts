import { randomUUID } from "node:crypto";
import type { Clock } from "@bot-join/core";
import {
  botRole,
  botUser,
  presetRoles,
  type Resource,
  type RoleResource,
  type TokenResource,
  type UserResource,
} from "@bot-join/resources";
import { EmulatorError } from "../errors.ts";
import type { VersionProfile } from "../profiles/version-profile.ts";
import { acceptToken } from "./accept-token.ts";
import { AppSessions } from "./app-sessions.ts";
import { BotInstances } from "./bot-instances.ts";
import type { Lock } from "./lock.ts";
import type { StateDirectory, StateProblem } from "./state-directory.ts";
import { Targets } from "./targets.ts";

/** A user and what the server counts about it. */
export interface UserRecord {
  readonly user: UserResource;
  /** Generation of the last renewable certificate; 0 for none yet (join.md section 8.4). */
  generation: number;
}

const botLabel = "teleport.internal/bot";
const generationLabel = "teleport.internal/bot-generation";

/** What a cluster's memory is made of. */
export interface ClusterStateOptions {
  profile: VersionProfile;
  clock: Clock;
  /** Whether the server is an Enterprise build. Default false. */
  enterprise?: boolean;
  /** Where everything is kept beyond the process; without one it is in memory alone. */
  directory?: StateDirectory;
  /** Told of documents that this version of the server does not take. */
  onProblem?: (problem: StateProblem) => void;
}

/** Everything that a cluster stores. */
export class ClusterState {
  readonly users: Map<string, UserRecord> = new Map();
  readonly roles: Map<string, RoleResource> = new Map();
  readonly tokens: Map<string, TokenResource> = new Map();
  readonly botInstances: BotInstances;
  readonly targets: Targets = new Targets();
  readonly appSessions: AppSessions;
  #locks: Lock[] = [];
  readonly #profile: VersionProfile;
  readonly #enterprise: boolean;
  readonly #directory: StateDirectory | undefined;
  readonly #onProblem: (problem: StateProblem) => void;

  constructor(options: ClusterStateOptions) {
    this.#profile = options.profile;
    this.#enterprise = options.enterprise ?? false;
    this.#directory = options.directory;
    this.#onProblem = options.onProblem ?? (() => undefined);
    this.appSessions = new AppSessions(options.clock);
    this.botInstances = new BotInstances(options.clock, options.directory?.instances);
    for (const role of presetRoles()) this.roles.set(role.name, role);
    this.refresh();
  }

  /**
   * Creates or replaces resources; a bot makes its user and its role. Throws `ERR_EMULATOR_RESOURCE_REFUSED` for a
   * resource that the server would not store, without storing any.
   */
  addResources(resources: readonly Resource[]): void {
    const accepted = resources.map((resource) => this.#accept(resource));
    for (const resource of accepted) {
      if (this.#directory === undefined) this.#add(resource);
      else this.#directory.write(resource);
    }
    this.refresh();
  }

  /** Takes over what has changed in the state directory, if there is one. */
  refresh(): void {
    if (this.#directory?.refresh() !== true) return;
    for (const memory of [this.users, this.roles, this.tokens, this.targets]) memory.clear();
    for (const role of presetRoles()) this.roles.set(role.name, role);
    this.#locks = [];
    for (const stored of this.#directory.documents()) {
      if (stored.kind === "lock") this.#locks.push(stored);
      else this.#addStored(stored);
    }
  }

  /** Forgets a token that is used up or expired. */
  removeToken(name: string): void {
    this.#directory?.remove("token", name);
    this.tokens.delete(name);
  }

  /** Stores the generation of the last renewable certificate of a user. */
  setGeneration(username: string, generation: number): void {
    const record = this.users.get(username);
    if (record === undefined) return;
    const labels = { ...record.user.labels, [generationLabel]: String(generation) };
    this.#directory?.write({ ...record.user, labels });
    record.generation = generation;
  }

  /** Stops something for good. */
  addLock(lock: Omit<Lock, "kind" | "name">): void {
    const stored: Lock = { kind: "lock", name: randomUUID(), ...lock };
    this.#directory?.write(stored);
    this.#locks.push(stored);
  }

  /** Finds the lock in force on any of some targets. */
  findLock(targets: readonly string[]): Lock | undefined {
    return this.#locks.find(({ target }) => targets.includes(target));
  }

  #accept(resource: Resource): Resource {
    return resource.kind === "token" ? acceptToken(resource, this.#profile, this.#enterprise) : resource;
  }

  #addStored(resource: Resource): void {
    try {
      this.#add(this.#accept(resource));
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error;
      this.#onProblem({ path: `${resource.kind}/`, message: error.message });
    }
  }

  #add(resource: Resource): void {
    if (resource.kind === "token") this.tokens.set(resource.name, resource);
    else if (resource.kind === "role") this.roles.set(resource.name, resource);
    else if (resource.kind === "user") this.#addUser(resource);
    else if (resource.kind === "bot") {
      const role = botRole(resource);
      this.roles.set(role.name, role);
      this.#addUser(botUser(resource));
    } else this.targets.add(resource);
  }

  #addUser(user: UserResource): void {
    const known = this.users.get(user.name);
    const counted = Number(user.labels[generationLabel] ?? 0);
    // The stored user of a bot only counts; what it may do is said by the bot.
    const isCount = this.#directory !== undefined && known !== undefined && botLabel in user.labels;
    this.users.set(user.name, {
      user: isCount ? known.user : user,
      generation: Math.max(known?.generation ?? 0, counted),
    });
  }
}
