import { describe, expect, it } from "vitest";
import { botRole } from "./bot-objects.ts";
import { roleAllowsImpersonation } from "./impersonation.ts";
import type { RoleConditions, RoleResource } from "./model.ts";
import { roleConditions } from "./role-defaults.ts";
import { isRolePattern } from "./role-pattern.ts";

function role(allow: Partial<RoleConditions>, deny: Partial<RoleConditions> = {}): RoleResource {
  const bot = botRole({ kind: "bot", version: "v1", name: "b", roles: [], traits: {} });
  return { ...bot, allow: roleConditions(allow), deny: roleConditions(deny) };
}

/** user-certs.md section 2.5, step 10. */
describe("roleAllowsImpersonation", () => {
  it.each<[string, RoleResource[], string[], boolean]>([
    ["a listed role", [role({ impersonateRoles: ["access", "deploy"] })], ["deploy"], true],
    ["all listed roles", [role({ impersonateRoles: ["access", "deploy"] })], ["deploy", "access"], true],
    ["one role too many", [role({ impersonateRoles: ["access"] })], ["access", "editor"], false],
    ["no condition", [role({})], ["access"], false],
    ["no role of one's own", [], ["access"], false],
    ["nothing asked for", [role({ impersonateRoles: ["*"] })], [], false],
    [
      "two conditions that cover it together only",
      [role({ impersonateRoles: ["a"] }), role({ impersonateRoles: ["b"] })],
      ["a", "b"],
      false,
    ],
    [
      "the second condition",
      [role({ impersonateRoles: ["x"] }), role({ impersonateRoles: ["a", "b"] })],
      ["a", "b"],
      true,
    ],
    ["the glob *", [role({ impersonateRoles: ["*"] })], ["editor"], true],
    ["the glob ci-*", [role({ impersonateRoles: ["ci-*"] })], ["ci-deploy"], true],
    ["the glob ci-* against another prefix", [role({ impersonateRoles: ["ci-*"] })], ["my-ci-deploy"], false],
    ["a dot, which is only a dot", [role({ impersonateRoles: ["ci.a"] })], ["ci-a"], false],
    ["a question mark, which is only itself", [role({ impersonateRoles: ["ci?"] })], ["ci1"], false],
    ["a regular expression", [role({ impersonateRoles: ["^ci-[a-z]+$"] })], ["ci-a"], true],
    [
      "a regular expression that does not match",
      [role({ impersonateRoles: ["^ci-[a-z]+$"] })],
      ["ci-1"],
      false,
    ],
    ["half a regular expression, a plain name", [role({ impersonateRoles: ["^ci-.+"] })], ["ci-a"], false],
    ["a broken regular expression", [role({ impersonateRoles: ["^(ci$"] })], ["^(ci$"], false],
    ["another case", [role({ impersonateRoles: ["access"] })], ["Access"], false],
    [
      "a denied role",
      [role({ impersonateRoles: ["*"] }, { impersonateRoles: ["editor"] })],
      ["access", "editor"],
      false,
    ],
    [
      "a role denied by another role",
      [role({ impersonateRoles: ["*"] }), role({}, { impersonateRoles: ["ed*"] })],
      ["editor"],
      false,
    ],
    [
      "a role that is not the denied one",
      [role({ impersonateRoles: ["*"] }, { impersonateRoles: ["editor"] })],
      ["access"],
      true,
    ],
    [
      "a condition that lists users too",
      [role({ impersonateRoles: ["*"], impersonateUsers: ["alice"] })],
      ["access"],
      false,
    ],
    [
      "a condition with a predicate",
      [role({ impersonateRoles: ["*"], impersonateWhere: "true" })],
      ["access"],
      false,
    ],
  ])("%s", (_, roles, requested, expected) => {
    expect(roleAllowsImpersonation(roles, requested)).toBe(expected);
  });

  it("knows patterns that do not compile", () => {
    expect(["*", "a(", "^a$"].map(isRolePattern)).toEqual([true, true, true]);
    expect(isRolePattern("^(a$")).toBe(false);
  });
});
