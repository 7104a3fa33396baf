import { BotInstances } from "@bot-join/emulator";
import { type BotInstance, botUserName, renderBotInstance, summarizeBotInstance } from "@bot-join/resources";
import { systemClock } from "@bot-join/runner";
import { textTable } from "../../text-table.ts";
import type { StateFlags } from "./bots.ts";
import { instanceText } from "./instance-text.ts";
import { joinHint, joinTokenFor, nanoseconds, shortTime } from "./join-token.ts";
import { botError, findBot, openState } from "./open-state.ts";
import { type OutputForm, writeValue } from "./output-form.ts";

type InstanceFlags = StateFlags & { format: OutputForm };

const headings = ["ID", "Join Method", "Hostname", "Joined", "Last Seen", "Generation"];

/** Lists the bot instances of all bots, or of one (bot-instance.md section 4). */
export function listInstances(botName: string | undefined, { stateDir, format }: InstanceFlags): string {
  const instances = openInstances(stateDir).list(botName).sort(byId);
  if (format !== "text") return renderBotInstance(instances, format);
  if (instances.length === 0)
    return `No bot instances found${botName === undefined ? "" : ` with name ${JSON.stringify(botName)}`}.\n`;
  const rows = instances.map((instance) => {
    const { id, joinMethod, hostname, joined, lastSeen, generation } = summarizeBotInstance(instance);
    return [
      id,
      joinMethod,
      hostname ?? "n/a",
      joined === undefined ? "" : shortTime(joined),
      lastSeen === undefined ? "" : shortTime(lastSeen),
      generation === undefined ? "n/a" : String(generation),
    ];
  });
  const hints = [
    "bot-join bots instances show ID shows all that is known of one.",
    ...(botName === undefined
      ? []
      : [`bot-join bots instances add ${botName} makes a token for another one.`]),
  ];
  return `${textTable(headings, rows, { underline: true })}\n${hints.join("\n")}\n`;
}

/** Shows one bot instance, `BOT/UUID`. Throws `ERR_CLI_BOT` when there is none. */
export function showInstance(id: string, { stateDir, format }: InstanceFlags): string {
  const [, botName, uuid] = /^([^/]+)\/([^/]+)$/.exec(id) ?? [];
  if (botName === undefined || uuid === undefined)
    throw botError(
      "invalid bot instance syntax, must be: [bot name]/[uuid]",
      "bot-join bots instances list has them in this form.",
    );
  const instance = openInstances(stateDir).get(botName, uuid);
  if (instance === undefined)
    throw botError(
      `bot instance ${JSON.stringify(id)} not found`,
      "bot-join bots instances list lists those that there are; they go when their certificates do.",
    );
  return format === "text" ? instanceText(instance) : renderBotInstance(instance, format);
}

/** Makes a token for another instance of a bot, or checks the one that is named. Throws `ERR_CLI_BOT`. */
export function addInstance(botName: string, flags: InstanceFlags & { token?: string }): string {
  const state = openState(flags.stateDir);
  const bot = findBot(state, botName);
  const token = joinTokenFor(state, bot.name, { name: flags.token });
  if (token.isNew) state.write(token.resource);
  if (flags.format === "text") return joinHint(token);
  const user = botUserName(bot.name);
  const answer = {
    user_name: user,
    role_name: user,
    token_id: token.shownName,
    token_ttl: nanoseconds(token.ttlMs),
  };
  return writeValue(answer, flags.format);
}

function openInstances(stateDir: string): BotInstances {
  return new BotInstances(systemClock, openState(stateDir).instances);
}

function byId(a: BotInstance, b: BotInstance): number {
  const [left, right] = [`${a.botName}/${a.instanceId}`, `${b.botName}/${b.instanceId}`];
  return left < right ? -1 : Number(left > right);
}
