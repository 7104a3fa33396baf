import { describe, expect, it } from "vitest";
import { formatGoDuration } from "./go-duration.ts";
import type { Resource } from "./model.ts";
import { parseResources } from "./parse-resources.ts";
import { presetRoles } from "./preset-roles.ts";
import { renderResource } from "./render-resource.ts";
import { samples, tokenWith } from "./testing/methods.ts";
import { readVector } from "./testing.ts";

const read = (text: string): Resource[] => parseResources(text, "x");

describe("a rendered resource is read back the same", () => {
  it.each(
    Object.keys(samples).map((method) => [method, tokenWith(method, [samples[method]?.rule])] as const),
  )("a token of method %s", (method, token) => {
    // The server fills in the domain.
    const expected =
      method === "gitlab" ? { ...token, gitlab: { ...token.gitlab, domain: "gitlab.com" } } : token;
    expect(read(renderResource(token, "yaml"))).toEqual([expected]);
    expect(read(renderResource(token, "json").replace(/^\[|\]\n$/g, ""))).toEqual([expected]);
  });

  it.each([
    "resources-roles.yaml",
    "resources-bot-role.yaml",
    "resources-bot-user.yaml",
    "resources-tokens.yaml",
  ])("%s", (file) => {
    const resources = read(readVector(file));
    expect(read(renderResource(resources, "yaml"))).toEqual(resources);
  });

  it("preset roles, bots, label values, everything optional", () => {
    const roles = presetRoles();
    expect(read(renderResource(roles, "yaml"))).toEqual(roles);
    const text = `
kind: bot
version: v1
metadata: {name: a}
spec: {roles: [x], traits: [{name: logins, values: [r, s]}], max_session_ttl: 90m}
---
kind: token
version: v2
metadata: {name: t, description: d, labels: {a: "1"}, expires: 2027-01-01T00:00:00.5Z}
spec: {roles: [Node], suggested_labels: {a: b, c: [d, e]}, suggested_agent_matcher_labels: {x: [z]}}
`;
    const resources = read(text);
    expect(read(renderResource(resources, "yaml"))).toEqual(resources);
  });
});

it("is written as the recorded server stores it", () => {
  const stored = parseResources(readVector("resources-tokens-as-stored.yaml"), "x", { stored: true });
  const text = readVector("resources-tokens-as-stored.yaml").replaceAll(/^ {2}id: .*\n/gm, "");
  // Times are kept to the millisecond, and texts are quoted a little more often.
  const normal = text.replaceAll(/(\.\d{3})\d+Z/g, "$1Z");
  expect(parseResources(renderResource(stored, "yaml"), "x")).toEqual(parseResources(normal, "x"));
  const unquoted = (yaml: string): string => yaml.replaceAll(/["']|^---\n/gm, "").replaceAll("\\", "");
  expect(unquoted(renderResource(stored, "yaml"))).toBe(unquoted(normal));
});

it.each([
  [0, "0s"],
  [300_000, "5m0s"],
  [5_400_000, "1h30m0s"],
  [1500, "1.5s"],
  [2, "2ms"],
  [108_000_000, "30h0m0s"],
])("Go writes %d ms as %s", (ms, expected) => {
  expect(formatGoDuration(ms)).toBe(expected);
});
