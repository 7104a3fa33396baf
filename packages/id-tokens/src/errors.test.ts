import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { idTokenErrorCodes } from "./errors.ts";

it("every code is provoked by a test", () => {
  const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"));
  const text = tests.map((name) => readFileSync(`${import.meta.dirname}/${name}`, "utf8")).join("\n");
  expect(idTokenErrorCodes.filter((code) => !text.includes(`"${code}"`))).toEqual([]);
});
