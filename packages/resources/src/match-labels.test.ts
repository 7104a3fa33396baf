import { expect, it } from "vitest";
import { rolesAllowLabels } from "./match-labels.ts";
import { parseResources } from "./parse-resources.ts";

const roleOf = (allow: string, deny = "{}") =>
  parseResources(
    `{kind: role, version: v7, metadata: {name: a}, spec: {allow: {app_labels: ${allow}}, deny: {app_labels: ${deny}}}}`,
    "x",
  ).filter((resource) => resource.kind === "role");

it.each([
  ["{}", {}, false],
  ["{}", { env: "dev" }, false],
  ["{'*': '*'}", {}, true],
  ["{env: dev}", { env: "dev", x: "y" }, true],
  ["{env: dev}", { env: "prod" }, false],
  ["{env: [dev, 'stag*']}", { env: "staging" }, true],
  ["{env: '^st.*$'}", { env: "staging" }, true],
  ["{env: '*'}", { env: "anything" }, true],
  ["{env: '*'}", {}, false],
  ["{env: dev, team: a}", { env: "dev" }, false],
  ["{constructor: '*'}", {}, false],
])("the condition %s on %j", (condition, labels, expected) => {
  expect(rolesAllowLabels(roleOf(condition), "appLabels", labels as Record<string, string>)).toBe(expected);
});

it("a denial wins, whichever role has it", () => {
  const roles = [...roleOf("{'*': '*'}"), ...roleOf("{}", "{secret: 'yes'}")];
  expect(rolesAllowLabels(roles, "appLabels", { secret: "yes" })).toBe(false);
  expect(rolesAllowLabels(roles, "appLabels", { secret: "no" })).toBe(true);
});
