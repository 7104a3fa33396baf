import type { ClaimValue } from "../claims.ts";
import { globMatches } from "../glob.ts";
import { isAtLeast, type ServerVersion } from "../server-version.ts";

/** A field of a rule: a text, a list of texts, a switch, or absent. */
export type RuleValue = string | boolean | readonly string[] | undefined;

/** How a field is compared with its claim. */
export interface Comparison {
  /** As documentation calls it. */
  readonly name: string;
  /** Whether `*` and `?` stand for more than themselves. */
  readonly globs: boolean;
  /** Whether the field is a list of which one entry has to fit. */
  readonly listed?: boolean;
  matches(wanted: RuleValue, found: ClaimValue, server: ServerVersion): boolean;
}

/** The same text, byte for byte. */
export const exact: Comparison = {
  name: "exact",
  globs: false,
  matches: (wanted, found) => wanted === found,
};

/** A pattern of `*` and `?`. */
export const glob: Comparison = {
  name: "glob",
  globs: true,
  matches: (wanted, found) =>
    typeof wanted === "string" && typeof found === "string" && globMatches(wanted, found),
};

/** `true` wants the claim's text to be `true`, `false` wants `false`; a claim that is absent is neither. */
export const triState: Comparison = {
  name: "tri-state",
  globs: false,
  matches: (wanted, found) => String(wanted) === found,
};

/** One text that the claim's list has to hold. */
export const contained: Comparison = {
  name: "element of the claim",
  globs: false,
  matches: (wanted, found) => Array.isArray(found) && typeof wanted === "string" && found.includes(wanted),
};

/** A list of which one entry has to fit the claim; exactly, unless told otherwise. */
export function oneOf(
  name = "one of",
  fits: (entry: string, found: string, server: ServerVersion) => boolean = (entry, found) => entry === found,
): Comparison {
  return {
    name,
    globs: false,
    listed: true,
    matches: (wanted, found, server) =>
      typeof found === "string" &&
      typeof wanted === "object" &&
      wanted.some((entry) => fits(entry, found, server)),
  };
}

/** One of a list, regardless of case from version 15 on. */
export const oneOfAnyCase: Comparison = oneOf(
  "one of",
  (entry, found, server) =>
    entry === found || (isAtLeast(server, "15") && entry.toLowerCase() === found.toLowerCase()),
);
