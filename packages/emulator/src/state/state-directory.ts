import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseResources, type Resource, renderResource } from "@bot-join/resources";
import type { AuthorityVault } from "../authority/vault.ts";
import { EmulatorError } from "../errors.ts";
import { openAuthorityFolder } from "./authority-folder.ts";
import type { InstanceShelf } from "./bot-instances.ts";
import { makeFolder, removeDurably, removeLeftovers, writeDurably } from "./durable-files.ts";
import { openInstanceFolder } from "./instance-folder.ts";
import { type Lock, lockDocument, readLock } from "./lock.ts";
import { stampOf } from "./stamp.ts";

/** Folders of a state directory whose documents are read as they change. */
const kinds = [
  "role",
  "bot",
  "user",
  "token",
  "lock",
  "kube_cluster",
  "app",
  "db",
  "remote_cluster",
  "workload_identity",
] as const;

const instanceFolder = "bot_instance";

type Stored = Resource | Lock;

interface Entry {
  stamp: string;
  stored: Stored;
}

/** A file that somebody has changed into something unusable; what it said before stays in force. */
export interface StateProblem {
  path: string;
  message: string;
}

/**
 * A folder of YAML documents, one a file: a folder for each kind, such as `token/`, and `bot_instance/BOT/`. Files may
 * be edited, added and removed by hand, under any name that ends in `.yaml`. What is written is on the disk when the
 * call returns.
 */
export class StateDirectory {
  readonly path: string;
  readonly instances: InstanceShelf;
  readonly #onProblem: (problem: StateProblem) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #broken = new Map<string, string>();
  #changed = false;

  /** Opens or makes the folder. Throws `ERR_EMULATOR_STATE` when it cannot be used. */
  constructor(path: string, onProblem: (problem: StateProblem) => void) {
    this.path = path;
    this.#onProblem = onProblem;
    try {
      this.instances = openInstanceFolder(join(path, instanceFolder), onProblem);
      for (const kind of kinds) makeFolder(join(path, kind));
    } catch (cause) {
      throw stateError(`Opening the state directory ${path}`, cause);
    }
  }

  /** The authorities of the cluster whose state this is, private keys included. */
  authorities(clusterName: string): AuthorityVault {
    return openAuthorityFolder(join(this.path, "cert_authority"), clusterName);
  }

  /** The same of a leaf cluster. */
  leafAuthorities(clusterName: string): AuthorityVault {
    return openAuthorityFolder(join(this.path, "cert_authority", fileName(clusterName)), clusterName);
  }

  /** Looks for changed files; whether there were any since it was last asked. */
  refresh(): boolean {
    this.#scan();
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** Removes what a crash has left of unfinished writes; for the one process that owns the directory. */
  removeLeftovers(): void {
    for (const kind of kinds) removeLeftovers(join(this.path, kind));
    const instances = join(this.path, instanceFolder);
    for (const bot of readdirSync(instances)) removeLeftovers(join(instances, bot));
  }

  #scan(): void {
    const present = new Set<string>();
    for (const kind of kinds) {
      const folder = join(this.path, kind);
      for (const name of readdirSync(folder)) {
        if (!/^[^.].*\.(yaml|yml|json)$/.test(name)) continue;
        const path = join(folder, name);
        const stamp = stampOf(path);
        if (stamp === undefined) continue;
        present.add(path);
        if (this.#entries.get(path)?.stamp === stamp || this.#broken.get(path) === stamp) continue;
        this.#load(path, stamp);
      }
    }
    for (const path of this.#entries.keys()) {
      if (present.has(path)) continue;
      this.#entries.delete(path);
      this.#changed = true;
    }
  }

  /** Everything that the documents hold, roles first and users after the bots that make some of them. */
  documents(): Stored[] {
    this.#scan();
    const order = (stored: Stored): number => kinds.indexOf(stored.kind);
    return [...this.#entries.values()].map(({ stored }) => stored).sort((a, b) => order(a) - order(b));
  }

  /** Creates or replaces a document. */
  write(stored: Stored): void {
    this.#scan();
    const path = this.#pathOf(stored) ?? join(this.path, stored.kind, `${fileName(stored.name)}.yaml`);
    const text = stored.kind === "lock" ? lockDocument(stored) : renderResource(stored, "yaml");
    try {
      writeDurably(path, text);
    } catch (cause) {
      throw stateError(`Writing a ${stored.kind} to the state directory ${this.path}`, cause);
    }
  }

  /** Removes a document; one that is not there is fine. */
  remove(kind: Stored["kind"], name: string): void {
    this.#scan();
    const path = this.#pathOf({ kind, name });
    if (path !== undefined) removeDurably(path);
  }

  #pathOf({ kind, name }: Pick<Stored, "kind" | "name">): string | undefined {
    for (const [path, { stored }] of this.#entries) {
      if (stored.kind === kind && stored.name === name) return path;
    }
    return undefined;
  }

  #load(path: string, stamp: string): void {
    try {
      this.#entries.set(path, { stamp, stored: readOne(path) });
      this.#broken.delete(path);
      this.#changed = true;
    } catch (error) {
      // Somebody may have removed it just now.
      if (stampOf(path) === undefined) return;
      // An editor may not be done yet; what the file said before holds until it says something else.
      this.#broken.set(path, stamp);
      this.#onProblem({ path, message: error instanceof Error ? error.message : String(error) });
    }
  }
}

function readOne(path: string): Stored {
  const text = readFileSync(path, "utf8");
  const lock = readLock(text);
  if (lock !== undefined) return lock;
  const [resource, ...others] = parseResources(text, path, { stored: true });
  if (resource === undefined || others.length > 0) {
    throw stateError(`Reading ${path}`, new Error("a file of a state directory holds one document"));
  }
  return resource;
}

/** Names a document's file: what file systems do not take is escaped. */
function fileName(name: string): string {
  return encodeURIComponent(name).replace(/[.*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}

/** Makes the error for a state directory that cannot be used. */
export function stateError(attempt: string, cause: unknown): EmulatorError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmulatorError({
    code: "ERR_EMULATOR_STATE",
    kind: "user",
    message: `${attempt}: ${reason}.`,
    hint: "Give a folder that is yours alone, on a disk with space left, with one YAML document in each file.",
    cause,
  });
}
