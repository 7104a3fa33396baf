import { BotJoinError, nearestSpelling, parseDuration } from "@bot-join/core";
import { type BotResource, botUserName, presetRoles, renderResource } from "@bot-join/resources";
import { printable, textTable } from "../../text-table.ts";
import { joinHint, joinTokenFor, nanoseconds } from "./join-token.ts";
import { botError, documentsOf, findBot, openState } from "./open-state.ts";
import { type OutputForm, writeValue } from "./output-form.ts";

/** Flags that all commands share. */
export interface StateFlags {
  stateDir: string;
}

/** Flags of `bots add`. */
export interface AddFlags extends StateFlags {
  roles: string;
  logins?: string;
  ttl?: string;
  maxSessionTtl?: string;
  token?: string;
  format: OutputForm;
}

/**
 * Makes a bot and, unless one is named, a token that it joins by (join.md section 13.2). Throws `ERR_CLI_BOT` for a name
 * that is taken, for roles that do not exist and for a token that is not for this bot.
 */
export function addBot(name: string, flags: AddFlags): string {
  const ttlMs = duration("ttl", flags.ttl);
  const maxSessionTtlMs = duration("max-session-ttl", flags.maxSessionTtl);
  if (flags.ttl !== undefined && flags.token !== undefined)
    throw badFlag(
      "--ttl is the lifetime of a new token, and --token names one that is there",
      "Give one of them.",
    );
  if (!/^[^\s/\\]/.test(name) || /[\p{Cc}/\\]/u.test(name))
    throw badFlag(
      `bots add ${JSON.stringify(name)}: this is no name for a bot`,
      "Use letters, digits, - and _.",
    );
  const state = openState(flags.stateDir, { make: true });
  const user = botUserName(name);
  const taken = [
    ...documentsOf(state, "bot").map((bot) => botUserName(bot.name)),
    ...documentsOf(state, "user").map((each) => each.name),
    ...documentsOf(state, "role").map((each) => each.name),
  ];
  if (taken.includes(user))
    throw botError(
      `cannot add bot: user/role ${JSON.stringify(user)} already exists`,
      `Take another name, or remove it with bot-join bots rm.`,
    );
  const roles = words(flags.roles);
  checkRoles(roles, [...presetRoles(), ...documentsOf(state, "role")]);
  const token = joinTokenFor(state, name, { name: flags.token, ttlMs });
  const bot: BotResource = {
    kind: "bot",
    version: "v1",
    name,
    roles,
    traits: flags.logins === undefined ? {} : { logins: words(flags.logins) },
    ...(maxSessionTtlMs !== undefined && { maxSessionTtlMs }),
  };
  state.write(bot);
  if (token.isNew) state.write(token.resource);
  if (flags.format === "text")
    return (
      printableLines(
        `Bot ${JSON.stringify(name)} was added; it may act with the roles ${roles.join(", ")}.\n`,
      ) + joinHint(token)
    );
  const answer = {
    user_name: user,
    role_name: user,
    token_id: token.shownName,
    ttl: nanoseconds(token.ttlMs),
    join_method: token.resource.joinMethod,
  };
  return writeValue(answer, flags.format);
}

/** Lists the bots. */
export function listBots({ stateDir, format }: StateFlags & { format: OutputForm }): string {
  const bots = documentsOf(openState(stateDir), "bot");
  if (format !== "text") return renderResource(bots, format);
  if (bots.length === 0) return "No bots found.\n";
  const rows = bots.map(({ name, roles }) => [name, botUserName(name), roles.join(",")]);
  return textTable(["Bot", "User", "Roles"], rows, { underline: true });
}

/**
 * Removes a bot with its user and its role; tokens stay, and its instances end by themselves. Throws `ERR_CLI_BOT` when
 * there is none of that name.
 */
export function removeBot(name: string, { stateDir }: StateFlags): string {
  const state = openState(stateDir);
  const bot = findBot(state, name);
  state.remove("bot", bot.name);
  state.remove("user", botUserName(bot.name));
  state.remove("role", botUserName(bot.name));
  return printableLines(`Bot ${JSON.stringify(bot.name)} deleted successfully.\n`);
}

function checkRoles(wanted: readonly string[], existing: readonly { name: string }[]): void {
  if (wanted.length === 0)
    throw badFlag("--roles: at least one role is wanted", "Name the roles that the bot may act with.");
  const names = existing.map(({ name }) => name);
  for (const role of wanted) {
    if (names.includes(role)) continue;
    const near = nearestSpelling(role, names);
    throw botError(
      `role ${JSON.stringify(role)} is not found`,
      near === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${JSON.stringify(near)}?`,
    );
  }
}

function words(list: string): string[] {
  const found = list.split(",").map((word) => word.trim());
  return [...new Set(found.filter((word) => word !== ""))];
}

function duration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw badFlag(`--${flag} ${text}: this is no duration`, "Write it as 30m, 1h or 1h30m.");
}

function badFlag(message: string, hint: string): BotJoinError {
  return new BotJoinError({ code: "ERR_CLI_FLAG", kind: "user", message: `${message}.`, hint });
}

function printableLines(text: string): string {
  return `${printable(text.trimEnd())}\n`;
}
