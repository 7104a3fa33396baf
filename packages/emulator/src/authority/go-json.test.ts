import { expect, it } from "vitest";
import { goJson, traitsJson } from "./go-json.ts";

it.each([
  [{}, "null"],
  [{ logins: [] }, '{"logins":null}'],
  [{ b: ["x"], a: ["y", "z"] }, '{"a":["y","z"],"b":["x"]}'],
])("traits %j are %s", (traits, json) => {
  expect(traitsJson(traits)).toBe(json);
});

it("escapes what Go escapes", () => {
  expect(goJson("<a&b>\u2028é")).toBe('"\\u003ca\\u0026b\\u003e\\u2028é"');
});
