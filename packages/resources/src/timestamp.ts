const timestampPattern = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Reads an RFC 3339 time, precise to the millisecond; undefined for anything else. */
export function readTimestamp(written: string): Date | undefined {
  if (!timestampPattern.test(written)) return undefined;
  const date = new Date(written.toUpperCase());
  // February 30 would otherwise become March 2.
  const day = new Date(written.slice(0, 10));
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(written.slice(0, 10));
  return exists && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** Writes a time as RFC 3339 in UTC, with three decimals or none. */
export function formatTimestamp(time: Date): string {
  return time.toISOString().replace(".000Z", "Z");
}
