import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BotInstance, parseBotInstances, renderBotInstance } from "@bot-join/resources";
import type { InstanceShelf } from "./bot-instances.ts";
import { makeFolder, removeDurably, writeDurably } from "./durable-files.ts";
import { instanceFromDocument } from "./instance-document.ts";
import { readBlockYaml } from "./read-yaml.ts";
import { stampOf } from "./stamp.ts";
import type { StateProblem } from "./state-directory.ts";

const extension = ".yaml";

/** Keeps bot instances as files `BOT/UUID.yaml`, each read again only when it has changed. */
export function openInstanceFolder(
  folder: string,
  onProblem: (problem: StateProblem) => void,
): InstanceShelf {
  const known = new Map<string, { stamp: string; instance: BotInstance | undefined }>();
  const pathOf = (botName: string, id: string): string =>
    join(folder, encodeURIComponent(botName), `${encodeURIComponent(id)}${extension}`);
  const find = (path: string): BotInstance | undefined => {
    const stamp = stampOf(path);
    if (stamp === undefined) {
      known.delete(path);
      return undefined;
    }
    const cached = known.get(path);
    if (cached?.stamp === stamp) return cached.instance;
    const instance = readInstance(path, onProblem);
    known.set(path, { stamp, instance });
    return instance;
  };
  makeFolder(folder);
  return {
    *all(botName) {
      const bots = botName === undefined ? readdirSync(folder) : [encodeURIComponent(botName)];
      for (const bot of bots) {
        for (const file of listFolder(join(folder, bot))) {
          const instance = file.endsWith(extension) && !file.startsWith(".") && find(join(folder, bot, file));
          if (instance) yield instance;
        }
      }
    },
    find: (botName, id) => find(pathOf(botName, id)),
    put: (instance) => {
      const path = pathOf(instance.botName, instance.instanceId);
      writeDurably(path, renderBotInstance(instance, "yaml"));
      const stamp = stampOf(path);
      if (stamp !== undefined) known.set(path, { stamp, instance });
    },
    remove: (botName, id) => removeDurably(pathOf(botName, id)),
  };
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    // A bot that has never joined has no folder.
    return [];
  }
}

function readInstance(path: string, onProblem: (problem: StateProblem) => void): BotInstance | undefined {
  try {
    const text = readFileSync(path, "utf8");
    // The quick way for what we wrote ourselves; the other gives the errors.
    return instanceFromDocument(readBlockYaml(text)) ?? parseBotInstances(text, path)[0];
  } catch (error) {
    onProblem({ path, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}
