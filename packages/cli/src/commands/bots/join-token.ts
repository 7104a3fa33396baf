import { randomBytes } from "node:crypto";
import type { StateDirectory } from "@bot-join/emulator";
import { newTokenSecret, safeTokenName, type TokenResource } from "@bot-join/resources";
import { systemClock } from "@bot-join/runner";
import { botError, findToken } from "./open-state.ts";

/** How long a new token is good, in milliseconds, unless somebody says otherwise (join.md section 13.2). */
const defaultTtlMs = 3_600_000;

/** A token that a bot may join by. */
export interface JoinToken {
  resource: TokenResource;
  /** Its name as it may be shown: whole when it was made just now, since it is shown at no other time. */
  shownName: string;
  isNew: boolean;
  /** How long it is good from now, in milliseconds; 0 for one that does not end. */
  ttlMs: number;
}

/**
 * Makes a token of method `token` with 16 random bytes as its secret name, not stored yet, or finds the one that was
 * named. Throws `ERR_CLI_BOT` when that one is not for this bot.
 */
export function joinTokenFor(
  state: StateDirectory,
  botName: string,
  { name, ttlMs = defaultTtlMs }: { name?: string | undefined; ttlMs?: number | undefined },
): JoinToken {
  if (name === undefined) {
    const secret = newTokenSecret(randomBytes);
    const resource: TokenResource = {
      kind: "token",
      version: "v2",
      name: secret,
      expires: new Date(systemClock.now().getTime() + ttlMs),
      roles: ["Bot"],
      botName,
      joinMethod: "token",
    };
    return { resource, shownName: secret, isNew: true, ttlMs };
  }
  const resource = findToken(state, name);
  const shownName = safeTokenName(resource ?? { name, joinMethod: "token" });
  const named = `token ${JSON.stringify(shownName)}`;
  if (resource === undefined) throw botError(`${named} not found`, "Leave --token out to have one made.");
  if (!resource.roles.includes("Bot"))
    throw botError(`${named} is not valid for role "Bot"`, "Name a token with the roles [Bot].");
  if (resource.botName !== botName) {
    const other = JSON.stringify(resource.botName ?? "");
    const message = `${named} is valid for bot with name ${other}, not ${JSON.stringify(botName)}`;
    throw botError(message, "Name a token whose bot_name is this bot.");
  }
  if (resource.joinMethod === "ec2")
    throw botError(
      `${named} is of join method "ec2", by which no bot joins`,
      "Name a token of another method.",
    );
  const { expires } = resource;
  const leftMs = expires === undefined ? 0 : expires.getTime() - systemClock.now().getTime();
  return { resource, shownName, isNew: false, ttlMs: leftMs };
}

/** Writes a lifetime as Go does: in nanoseconds. */
export function nanoseconds(ms: number): number {
  return Math.round(ms * 1_000_000);
}

/** Says how to join with a token. */
export function joinHint({ resource, shownName, isNew }: JoinToken): string {
  const until = resource.expires === undefined ? "" : `, good until ${shortTime(resource.expires)}`;
  const once = resource.joinMethod === "token" ? ", for one join" : "";
  return [
    `Token: ${shownName} (join method ${resource.joinMethod}${once}${until})`,
    ...(isNew ? ["It is a secret, and it is shown only here."] : []),
    "",
    "To join as this bot:",
    "",
    "  bot-join start \\",
    "    --data-dir=./bot-data \\",
    "    --destination-dir=./identity \\",
    `    --token=${shownName} \\`,
    "    --proxy-server=PROXY:PORT \\",
    `    --join-method=${resource.joinMethod} \\`,
    "    --oneshot",
    "",
  ].join("\n");
}

/** Writes a time as tctl does: RFC 3339 in UTC, whole seconds. */
export function shortTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
