import { formatDuration } from "@bot-join/core";
import { IdTokenError } from "./errors.ts";

/** How far two clocks may differ before it is mentioned or a token is refused, in milliseconds. */
export const clockToleranceMs = 60_000;

/** A moment to judge by, and whose clock said so. */
export interface JudgingClock {
  now: Date;
  /** As a sentence names it: `this machine's clock`, `the clock of host`. */
  name: string;
}

/**
 * Checks `exp`, `nbf` and `iat` with a tolerance of 60 s; a claim that is absent is not checked, the cluster
 * decides (id-tokens.md sections 1.2 and 1.3).
 * Throws `ERR_IDTOKEN_EXPIRED` or `ERR_IDTOKEN_NOT_YET_VALID`.
 */
export function checkTimes(claims: Record<string, unknown>, source: string, clock: JudgingClock): void {
  const nowMs = clock.now.getTime();
  const expiresMs = numericDate(claims["exp"]);
  if (expiresMs !== undefined && expiresMs + clockToleranceMs <= nowMs) {
    throw new IdTokenError({
      code: "ERR_IDTOKEN_EXPIRED",
      kind: "user",
      message:
        `The ID token from ${source} expired ${formatDuration(nowMs - expiresMs)} ago: ` +
        `it was valid until ${describeTime(expiresMs)}, and ${clock.name} says ${describeTime(nowMs)}.`,
      hint: "Fetch the token right before the join and do not keep it from an earlier step or run. If it is fresh, set this machine's clock (NTP).",
    });
  }
  const startsMs = Math.max(numericDate(claims["nbf"]) ?? -Infinity, numericDate(claims["iat"]) ?? -Infinity);
  if (startsMs - clockToleranceMs > nowMs) {
    throw new IdTokenError({
      code: "ERR_IDTOKEN_NOT_YET_VALID",
      kind: "user",
      message:
        `The ID token from ${source} becomes valid only in ${formatDuration(startsMs - nowMs)}: ` +
        `it starts at ${describeTime(startsMs)}, and ${clock.name} says ${describeTime(nowMs)}.`,
      hint: "One of the two clocks is wrong: set this machine's clock, or that of whatever issued the token (NTP).",
    });
  }
}

/**
 * Says that a token ends within a minute, or has ended as long ago, by how much; undefined when it is good for longer or
 * does not say.
 */
export function describeNearExpiry(
  claims: Record<string, unknown>,
  source: string,
  clock: JudgingClock,
): string | undefined {
  const expiresMs = numericDate(claims["exp"]);
  const nowMs = clock.now.getTime();
  if (expiresMs === undefined || expiresMs - nowMs > clockToleranceMs) return undefined;
  const leftMs = expiresMs - nowMs;
  const when = leftMs > 0 ? `expires in ${formatDuration(leftMs)}` : `expired ${formatDuration(-leftMs)} ago`;
  return (
    `The ID token from ${source} ${when}: it is valid until ${describeTime(expiresMs)}, and ${clock.name} says ` +
    `${describeTime(nowMs)}. The cluster may refuse it.`
  );
}

/** Seconds since 1970 of RFC 7519 section 2, whole or not, in milliseconds. Absurd values count as absent. */
function numericDate(value: unknown): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value) || Math.abs(value) > 8.64e12) return undefined;
  return value * 1000;
}

function describeTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
