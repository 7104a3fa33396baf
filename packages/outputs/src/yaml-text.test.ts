import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { renderYaml } from "./yaml-text.ts";

test.each([
  ["corp.example-prod", "corp.example-prod"],
  [
    "arn:aws:eks:eu-central-1:123456789012:cluster/prod",
    "arn:aws:eks:eu-central-1:123456789012:cluster/prod",
  ],
  ["--destination-dir=/tmp/with space", "--destination-dir=/tmp/with space"],
  ["C:\\bot-join\\bot-join.exe", "C:\\bot-join\\bot-join.exe"],
  ["@admin", "'@admin'"],
  ["it's: so", "'it''s: so'"],
  ["a #b", "'a #b'"],
  ["", '""'],
  ["true", '"true"'],
  ["No", '"No"'],
  ["1e3", '"1e3"'],
  ["0x1F", '"0x1F"'],
  ["190:20:30", '"190:20:30"'],
  ["2026-11-22", '"2026-11-22"'],
  ["~", '"~"'],
  [".", '"."'],
  ["10.0.0.1", "10.0.0.1"],
  ["a\nb", '"a\\nb"'],
  ["\u2028", '"\\u2028"'],
  ["ünï-日本", "ünï-日本"],
  ["😀", '"\\ud83d\\ude00"'],
])("the text %j is written as %s", (text, expected) => {
  expect(renderYaml({ name: text })).toBe(`name: ${expected}\n`);
});

test("maps, lists and what is left out", () => {
  expect(
    renderYaml({
      a: undefined,
      b: {},
      c: [],
      d: [{ e: { f: "g", h: undefined }, i: null }],
      j: ["k", "- l"],
      m: false,
    }),
  ).toBe(`b: {}
c: null
d:
- e:
    f: g
  i: null
j:
- k
- '- l'
m: false
`);
});

/** Texts that YAML knows how to misread, and any others. */
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom(..."-?:,[]{}#&*!|>'\"%@`~ \t\n\\.0123456789eExXoOyYnN_+=<TZ\u0085\u00a0\ufeff"),
    maxLength: 8,
  }),
  fc.constantFrom(
    "null",
    "Null",
    "TRUE",
    "off",
    "y",
    ".inf",
    "-.INF",
    ".NaN",
    "<<",
    "=",
    "---",
    "...",
    "0b101",
    "0o17",
    "1_000",
    "12:30:45.5",
    "2001-12-14t21:59:43.10-05:00",
  ),
);

test.each(["1.1", "1.2"] as const)("a reader of YAML %s gets every text back as it was", (version) => {
  fc.assert(
    fc.property(texts, texts, (name, item) => {
      const value = { name, list: [item, name], map: [{ name: item }] };
      expect(parse(renderYaml(value), { version })).toEqual(value);
    }),
    { numRuns: 2000 },
  );
});
