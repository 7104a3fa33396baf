import { parseDuration } from "@bot-join/core";
import { isIdentityId } from "./export-names.ts";
import type { InputDefinition, InputKind } from "./inputs.ts";

/** A value as its kind reads it: text, boolean, number (durations in milliseconds) or list. */
export type InputValue = string | boolean | number | string[];

interface KindRule {
  /** Gives undefined for a text that is not of this kind. */
  parse(text: string, definition: InputDefinition): InputValue | undefined;
  /** Ends the sentence "Allowed: …". */
  allowed(definition: InputDefinition): string;
}

const text: KindRule = { parse: (value) => value, allowed: () => "any text" };

/** Reads each kind of input; a text comes in trimmed and not empty. */
export const kindRules: Readonly<Record<InputKind, KindRule>> = {
  string: text,
  secret: text,
  boolean: {
    parse: (value) => booleans.get(value.toLowerCase()),
    allowed: () => "true or false (also 1 or 0)",
  },
  integer: {
    parse: (value, { range: [low, high] = [0, Number.MAX_SAFE_INTEGER] }) => {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      return number >= low && number <= high ? number : undefined;
    },
    allowed: ({ range: [low, high] = [0, Number.MAX_SAFE_INTEGER] }) =>
      `a whole number from ${low} to ${high}`,
  },
  duration: {
    parse: (value) => {
      const ms = parseDuration(value);
      return ms !== undefined && ms > 0 && Number.isSafeInteger(Math.ceil(ms)) ? ms : undefined;
    },
    allowed: () => "a duration above zero with its unit, such as 90s, 30m or 1h30m",
  },
  list: {
    parse: (value) => nonEmpty(splitList(value)),
    allowed: () => "names separated by commas",
  },
  choice: {
    parse: (value, { choices = [] }) => (choices.includes(value) ? value : undefined),
    allowed: ({ choices = [] }) => choices.join(", "),
  },
  "proxy-address": {
    parse: (value) => (isProxyAddress(value) ? value : undefined),
    allowed: () => "host or host:port, such as example.teleport.sh:443",
  },
  "identity-id": {
    parse: (value) => (isIdentityId(value) ? value : undefined),
    allowed: () => "1 to 64 letters, digits, -, _ and ., a letter or digit first",
  },
  "ca-pins": {
    parse: (value) => {
      const pins = nonEmpty(splitList(value));
      return pins?.every((pin) => /^sha256:[0-9a-f]{64}$/i.test(pin)) ? pins : undefined;
    },
    allowed: () => "sha256: and 64 hex digits, one per line or comma-separated (tctl status shows it)",
  },
};

/** The spellings of YAML's core schema in any case, and 1 and 0 (outputs.md section 12.1). */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

/** Splits at commas and line ends; empty items are dropped. */
function splitList(value: string): string[] {
  return value
    .split(/[,\r\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function nonEmpty(items: string[]): string[] | undefined {
  return items.length > 0 ? items : undefined;
}

/** A first look at the shape, so that it is reported with all other inputs; `transport` reads it in earnest. */
function isProxyAddress(value: string): boolean {
  const match = /^(?:(?:https?|tcp):\/\/)?(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?\/?$/i.exec(value);
  if (match === null) return false;
  const port = Number(match[1] ?? "443");
  return port >= 1 && port <= 65535;
}
