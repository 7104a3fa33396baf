import type { BotResource, RoleResource, UserResource } from "./model.ts";
import { roleConditions } from "./role-defaults.ts";

const defaultBotSessionTtlMs = 12 * 3_600_000;

/** Gives the name that a bot's user and role share: `bot-` and the name, spaces as `-` (join.md section 13.1). */
export function botUserName(botName: string): string {
  return `bot-${botName.replaceAll(" ", "-")}`;
}

/** Makes the role that the server generates for a bot (join.md section 13.1, measured on 14.2.0). */
export function botRole(bot: BotResource): RoleResource {
  return {
    kind: "role",
    version: "v7",
    name: botUserName(bot.name),
    description: `Automatically generated role for bot ${bot.name}`,
    labels: { "teleport.internal/bot": bot.name },
    maxSessionTtlMs: bot.maxSessionTtlMs ?? defaultBotSessionTtlMs,
    portForwarding: true,
    forwardAgent: false,
    permitX11Forwarding: false,
    allow: roleConditions({
      impersonateRoles: [...bot.roles],
      rules: [{ resources: ["cert_authority"], verbs: ["readnosecrets"] }],
    }),
    deny: roleConditions(),
  };
}

/**
 * Makes the user that the server generates for a bot (join.md section 13.1). A bot without logins has the
 * trait `logins` with no values (measured on 14.2.0).
 */
export function botUser(bot: BotResource): UserResource {
  return {
    kind: "user",
    version: "v2",
    name: botUserName(bot.name),
    labels: { "teleport.internal/bot": bot.name, "teleport.internal/bot-generation": "0" },
    roles: [botUserName(bot.name)],
    traits: { logins: [], ...structuredClone(bot.traits) },
  };
}
