import type { Clock } from "@bot-join/core";
import { parseResources } from "@bot-join/resources";
import { describe, expect, it } from "vitest";
import { EmulatorError } from "../errors.ts";
import { profiles } from "../profiles/profiles.ts";
import { ClusterState } from "./cluster-state.ts";

const clock: Clock = { now: () => new Date(0), sleep: () => Promise.resolve() };

const token = (github: string, method = "github"): string => `
kind: token
version: v2
metadata: {name: gh}
spec: {roles: [Bot], bot_name: robot, join_method: ${method}, ${github}}
`;
const rule = "allow: [{repository: acme/shop}]";

describe("what a community server refuses to store", () => {
  it.each([
    [
      "14",
      token(`github: {enterprise_server_host: ghes.bot.test, ${rule}}`),
      "github enterprise server joining: this feature requires Teleport Enterprise",
    ],
    [
      "18",
      token(`github: {enterprise_slug: acme, ${rule}}`),
      "github enterprise server joining: this feature requires Teleport Enterprise",
    ],
    [
      "14",
      token("env0: {allow: [{organization_id: o-1, project_id: p-1}]}", "env0"),
      'unknown join method "env0"',
    ],
  ] as const)("profile %s: %s", (version, text, message) => {
    const state = new ClusterState({ profile: profiles[version], clock });
    const add = (): void => state.addResources(parseResources(text, "token.yaml"));
    expect(add).toThrow(EmulatorError);
    expect(add).toThrow(message);
    expect(state.tokens.size).toBe(0);
  });
});

it("profile 14 ignores keys of spec.github that came later (profiles.md)", () => {
  const state = new ClusterState({ profile: profiles["14"], clock });
  state.addResources(
    parseResources(token(`github: {enterprise_slug: acme, static_jwks: "{}", ${rule}}`), "t"),
  );
  expect(state.tokens.get("gh")?.github).toMatchObject({ enterprise_slug: "", static_jwks: "" });
});

it("has the preset roles, and a bot makes a user and a role (join.md section 13.1)", () => {
  const state = new ClusterState({ profile: profiles["14"], clock });
  const bot = { kind: "bot", version: "v1", name: "a b", roles: ["access"], traits: {} } as const;
  state.addResources([{ ...bot, roles: [...bot.roles] }]);
  expect([...state.roles.keys()]).toEqual(["access", "auditor", "editor", "bot-a-b"]);
  expect([...state.users.keys()]).toEqual(["bot-a-b"]);
});

it("keeps the generation of a user that is replaced", () => {
  const state = new ClusterState({ profile: profiles["14"], clock });
  const bot = { kind: "bot" as const, version: "v1" as const, name: "robot", roles: ["access"], traits: {} };
  state.addResources([bot]);
  const record = state.users.get("bot-robot");
  if (record !== undefined) record.generation = 3;
  state.addResources([bot]);
  expect(state.users.get("bot-robot")?.generation).toBe(3);
});
