/**
 * Reads a Retry-After header (RFC 9110 section 10.2.3), seconds or a date, as milliseconds from now.
 * Returns undefined for anything else.
 */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse takes nearly anything, so the shape of an HTTP date is asked for first.
  if (!/^[A-Z][a-z]{2,8}, /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
