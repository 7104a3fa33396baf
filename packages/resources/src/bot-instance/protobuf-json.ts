/** Writes a span of milliseconds as protobuf's JSON does: `3.500s`, with 0, 3, 6 or 9 decimals. */
export function formatProtobufDuration(ms: number): string {
  const nanoseconds = Math.round((Math.abs(ms) % 1000) * 1e6);
  const seconds = Math.floor(Math.abs(ms) / 1000) + Math.floor(nanoseconds / 1e9);
  const digits = String(nanoseconds % 1e9).padStart(9, "0");
  const decimals = digits.replace(/(000){1,3}$/, "");
  return `${ms < 0 ? "-" : ""}${seconds}${decimals === "" ? "" : `.${decimals}`}s`;
}

/** Reads a duration of protobuf's JSON as milliseconds; undefined for anything else. */
export function parseProtobufDuration(written: string): number | undefined {
  return /^-?\d{1,12}(\.\d{1,9})?s$/.test(written) ? Number(written.slice(0, -1)) * 1000 : undefined;
}

/** Leaves out what protobuf's JSON leaves out. */
export function withoutZeroValues(value: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(value).filter(
    ([, inner]) =>
      inner !== undefined &&
      inner !== "" &&
      inner !== false &&
      inner !== 0 &&
      !(Array.isArray(inner) && inner.length === 0),
  );
  return Object.fromEntries(kept);
}
