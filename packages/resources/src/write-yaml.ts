/** What a plain scalar may look like without being taken for something else by a reader of YAML 1.1 or 1.2. */
const plainPattern = /^[A-Za-z_/][A-Za-z0-9_./@+-]*( [A-Za-z0-9_./@+-]+)*$/;
const keyPattern = /^[A-Za-z_][A-Za-z0-9_./-]*$/;
const reservedPattern = /^(y|n|yes|no|on|off|true|false|null|~|\.|\.\.\.|\.(inf|nan)|nan|inf|e[-+]?\d+)$/i;

/**
 * Writes a plain value as YAML in block style, keys in their own order, texts quoted wherever a reader of YAML 1.1 or
 * 1.2 could take them for anything else. Small, so that it fits into bundles; any YAML reader gives the value back.
 */
export function writeYaml(value: unknown): string {
  return `${lines(value).join("\n")}\n`;
}

/** Sorts the keys of all mappings, as `tctl get` writes them. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, sortKeys(inner)]));
}

function lines(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? ["[]"] : value.flatMap((item) => indented(lines(item), "- "));
  }
  if (typeof value !== "object" || value === null) return [scalar(value)];
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  if (entries.length === 0) return ["{}"];
  return entries.flatMap(([key, inner]) => {
    const name = keyPattern.test(key) && !reservedPattern.test(key) ? key : quoted(key);
    const inside = lines(inner);
    if (!isNested(inner)) return [`${name}: ${inside[0] ?? ""}`];
    // As tctl has it, a list stands no deeper than its key.
    return [`${name}:`, ...(Array.isArray(inner) ? inside : inside.map((line) => `  ${line}`))];
  });
}

function isNested(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? value.length > 0 : Object.values(value).some((inner) => inner !== undefined);
}

function indented(inside: string[], first: string): string[] {
  return inside.map((line, index) => `${index === 0 ? first : " ".repeat(first.length)}${line}`);
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return value === undefined ? "null" : String(value);
  return plainPattern.test(value) && !reservedPattern.test(value) ? value : quoted(value);
}

function quoted(text: string): string {
  // Line separators and the byte-order mark stand in JSON as they are, and mean something to YAML.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
