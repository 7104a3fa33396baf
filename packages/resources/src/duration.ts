import { parseDuration } from "@bot-join/core";

const dayMs = 24 * 3_600_000;
const longUnitMs: Readonly<Record<string, number>> = { d: dayMs, mo: 30 * dayMs, y: 365 * dayMs };

/**
 * Parses a duration as resource documents write it: Go's form, also with days, months of 30 days and years of
 * 365 days, or `never`, which is 0 (provision-token.md section 1). Gives milliseconds, or undefined for
 * anything else.
 */
export function parseResourceDuration(text: string): number | undefined {
  if (text === "never") return 0;
  let longMs = 0;
  const rest = text.replaceAll(/(\d+)(y|mo|d)/g, (_, amount: string, unit: string) => {
    longMs += Number(amount) * (longUnitMs[unit] ?? Number.NaN);
    return "";
  });
  if (rest === "") return text === "" ? undefined : longMs;
  const shortMs = parseDuration(rest);
  return shortMs === undefined ? undefined : longMs + shortMs;
}
