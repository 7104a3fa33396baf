/**
 * Writes a value as Go's encoder does: no spaces, and `<`, `>`, `&` and the two Unicode line separators as escapes
 * (package encoding/json).
 */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Writes traits as certificates hold them: keys sorted, an empty list as `null`, and `null` without any trait
 * (user-certs.md section 3.1).
 */
export function traitsJson(traits: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.keys(traits).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (names.length === 0) return "null";
  const members = names.map((name) => {
    const values = traits[name] ?? [];
    return `${goJson(name)}:${values.length === 0 ? "null" : goJson(values)}`;
  });
  return `{${members.join(",")}}`;
}
