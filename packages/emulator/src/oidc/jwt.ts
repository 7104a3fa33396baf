/** A compact JWT, decoded and not verified. */
export interface DecodedJwt {
  header: { alg?: unknown; kid?: unknown };
  claims: Record<string, unknown>;
}

function decodePart(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Decodes a compact JWT; a string says what is wrong with it. */
export function decodeJwt(token: string): DecodedJwt | "segments" | "payload" | "header" {
  const parts = token.split(".");
  if (parts.length !== 3) return "segments";
  const claims = decodePart(parts[1] ?? "");
  if (claims === undefined) return "payload";
  const header = decodePart(parts[0] ?? "");
  return header === undefined ? "header" : { header, claims };
}

/** The audiences of a token: `aud` may be one string or a list (RFC 7519 section 4.1.3). */
export function audiencesOf(claims: Readonly<Record<string, unknown>>): string[] {
  const audience = claims["aud"];
  if (audience === undefined || audience === "") return [];
  return Array.isArray(audience) ? audience.map(String) : [String(audience)];
}

/** A time claim in seconds; undefined when it is absent or no number. */
export function timeClaim(claims: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = claims[name];
  return typeof value === "number" ? value : undefined;
}

/** Writes seconds since 1970 as Go prints a time in UTC; undefined is Go's zero time. */
export function goTime(seconds: number | undefined): string {
  if (seconds === undefined) return "0001-01-01 00:00:00 +0000 UTC";
  return new Date(Math.trunc(seconds) * 1000)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " +0000 UTC");
}
