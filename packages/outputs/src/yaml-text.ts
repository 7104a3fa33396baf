type YamlValue = string | boolean | null | YamlMap | YamlValue[];

/** What {@link renderYaml} writes: keys in the given order, those without a value not at all. They are our own words, never quoted. */
export interface YamlMap {
  [key: string]: YamlValue | undefined;
}

/** Signs that mean something to YAML at the beginning of a plain text. */
const leadingIndicators = "#,[]{}&*!|>'\"%@`";

/** What a YAML 1.1 or 1.2 reader does not take for a text. Rather too many than too few. */
const otherTypes: readonly RegExp[] = [
  /^(?:~|null|true|false|yes|no|on|off|y|n|=|<<)$/i,
  /^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-f_]+|\.inf|\.nan)$/i,
  /^[-+]?[0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?$/i,
  // Numbers to the base of 60, and dates.
  /^[-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?$/,
];

/** What a plain text cannot hold: a comment's or a key's sign, spaces at its ends, a document's marker. */
function canBePlain(text: string): boolean {
  return !(
    leadingIndicators.includes(text.charAt(0)) || /^[-?](?:\s|$)|: |:$|^:| #|^ | $|^(?:---|\.\.\.)/.test(text)
  );
}

function scalar(text: string): string {
  // Printable ASCII and the letters beyond: nothing that an editor hides, turns around or breaks a line at.
  if (!/^[ -~\p{L}\p{N}]*$/u.test(text) || otherTypes.some((type) => type.test(text)))
    return doubleQuoted(text);
  return canBePlain(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

/** JSON's strings are YAML's but for the signs that JSON leaves as they are. */
function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function lines(value: YamlMap): string[] {
  return Object.entries(value).flatMap(([key, entry]) => (entry === undefined ? [] : entryLines(key, entry)));
}

function entryLines(key: string, value: YamlValue): string[] {
  if (Array.isArray(value)) {
    // As Go writes a list that was never begun.
    return value.length === 0 ? [`${key}: null`] : [`${key}:`, ...value.flatMap(itemLines)];
  }
  if (typeof value === "object" && value !== null) {
    const inner = lines(value);
    return inner.length === 0 ? [`${key}: {}`] : [`${key}:`, ...inner.map((line) => `  ${line}`)];
  }
  return [`${key}: ${typeof value === "string" ? scalar(value) : value}`];
}

/** Items stand below their key without indentation. */
function itemLines(item: YamlValue): string[] {
  if (typeof item !== "object" || item === null)
    return [`- ${typeof item === "string" ? scalar(item) : item}`];
  if (Array.isArray(item)) throw new TypeError("a list directly in a list");
  return lines(item).map((line, index) => `${index === 0 ? "-" : " "} ${line}`);
}

/** Writes a map as block YAML the way client-go lays it out, whatever its texts hold (outputs.md section 6.1). */
export function renderYaml(value: YamlMap): string {
  return lines(value)
    .map((line) => `${line}\n`)
    .join("");
}
