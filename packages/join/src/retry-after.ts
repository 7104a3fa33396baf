import type { IncomingHttpHeaders } from "node:http";

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, in milliseconds. A date counts from the
 * answer's own `Date`, so that no clock is needed and skew does no harm. Undefined for anything else.
 */
export function retryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  const value = headers["retry-after"];
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const wait = Date.parse(value) - Date.parse(headers.date ?? "");
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
