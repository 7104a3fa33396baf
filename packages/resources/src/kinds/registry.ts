import { botKind } from "./bot.ts";
import type { Kind } from "./kind.ts";
import { roleKind } from "./role.ts";
import { tokenKind } from "./token.ts";
import { userKind } from "./user.ts";

/** The kinds of document that are read, by the text of their `kind`. */
export const kinds: ReadonlyMap<string, Kind> = new Map([
  ["token", tokenKind],
  ["role", roleKind],
  ["bot", botKind],
  ["user", userKind],
]);
