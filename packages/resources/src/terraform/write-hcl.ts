import { isMapping } from "../mapping.ts";

const identifier = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Writes one resource block whose attributes are plain values, formatted as `terraform fmt` leaves it. */
export function writeResourceBlock(type: string, label: string, attributes: Record<string, unknown>): string {
  return `resource ${quote(type)} ${quote(label)} {\n${pairs(attributes, "  ")}}\n`;
}

function pairs(mapping: Record<string, unknown>, indent: string): string {
  const entries = Object.entries(mapping).map(([key, value]): [string, string] => [
    identifier.test(key) ? key : quote(key),
    expression(value, indent),
  ]);
  // terraform fmt lines up the signs of neighbours; what spans lines stands by itself.
  let text = "";
  for (const [index, [key, value]] of entries.entries()) {
    const width = value.includes("\n") ? key.length : groupWidth(entries, index);
    text += `${indent}${key.padEnd(width)} = ${value}\n`;
  }
  return text;
}

function groupWidth(entries: readonly [string, string][], at: number): number {
  let from = at;
  let to = at;
  while (from > 0 && !entries[from - 1]?.[1].includes("\n")) from--;
  while (to + 1 < entries.length && !entries[to + 1]?.[1].includes("\n")) to++;
  return Math.max(...entries.slice(from, to + 1).map(([key]) => key.length));
}

function expression(value: unknown, indent: string): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => !isMapping(item)))
      return `[${value.map((item) => expression(item, deeper)).join(", ")}]`;
    return `[\n${value.map((item) => `${deeper}${expression(item, deeper)},\n`).join("")}${indent}]`;
  }
  if (isMapping(value)) {
    return Object.keys(value).length === 0 ? "{}" : `{\n${pairs(value, deeper)}${indent}}`;
  }
  return typeof value === "string" ? quote(value) : String(value);
}

/** Quotes a text: beside the usual signs, `${` and `%{` would begin a template. */
function quote(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll(/([$%])(?=\{)/g, "$1$1")
    .replaceAll(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not stand as they are.
      /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  return `"${escaped}"`;
}
