import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expandLogins, expandRoleLogins } from "./logins.ts";
import type { RoleResource } from "./model.ts";
import { presetRoles } from "./preset-roles.ts";
import { roleConditions } from "./role-defaults.ts";

function roleWith(logins: string[], denied: string[] = []): RoleResource {
  const [access] = presetRoles();
  if (access === undefined) throw new Error("no preset role");
  return { ...access, allow: roleConditions({ logins }), deny: roleConditions({ logins: denied }) };
}

const traits = {
  logins: ["root", "deploy"],
  email: ["mona@example.com"],
  "a b": ["spaced"],
  empty: [],
  blank: [""],
  wild: ["two words", "-dash", "a:b", "a/b", "x".repeat(33), "ok"],
};

describe("expandLogins", () => {
  it.each<[string[], string[]]>([
    [
      ["root", "ubuntu"],
      ["root", "ubuntu"],
    ],
    [["{{internal.logins}}"], ["root", "deploy"]],
    [["{{ internal.logins }}"], ["root", "deploy"]],
    [["{{external.logins}}"], ["root", "deploy"]],
    [['{{external["a b"]}}'], ["spaced"]],
    [["{{external.email}}"], ["mona@example.com"]],
    [["ci-{{internal.logins}}"], ["ci-root", "ci-deploy"]],
    [["{{internal.logins}}-ro"], ["root-ro", "deploy-ro"]],
    [[" {{internal.logins}} "], ["root", "deploy"]],
    [
      ["a{{internal.logins}}z", "root"],
      ["arootz", "adeployz", "root"],
    ],
    [
      ["root", "{{internal.logins}}", "root"],
      ["root", "deploy"],
    ],
    [["{{external.missing}}", "{{external.empty}}", "x{{external.blank}}"], []],
    [["{{internal.email}}"], []],
    [["{{external.__proto__}}", "{{external.constructor}}", "{{external.toString}}"], []],
    [["{{email.local(external.email)}}", "{{external}}", "{{}}", "{{other.logins}}"], []],
    [["{{internal.logins}}{{internal.logins}}", "{{internal.logins", "internal.logins}}", "{a}"], []],
    [["{{external.wild}}"], ["ok"]],
    [["", "-x", "a b", "ä".repeat(17)], []],
  ])("%j gives %j", (written, expected) => {
    expect(expandLogins(roleWith(written), traits)).toEqual(expected);
  });

  it("gives the preset role access the logins of the trait, and the others none", () => {
    expect(presetRoles().map((role) => expandLogins(role, { logins: ["root"] }))).toEqual([["root"], [], []]);
    expect(presetRoles().map((role) => expandLogins(role, {}))).toEqual([[], [], []]);
  });

  it("leaves out what the role denies, variables included", () => {
    expect(expandLogins(roleWith(["root", "deploy", "a"], ["a", "{{internal.logins}}"]), traits)).toEqual([]);
    expect(expandLogins(roleWith(["root", "a"], ["*"]), traits)).toEqual([]);
  });

  it("combines a role set: each login once, in role order, without what any role denies", () => {
    const roles = [roleWith(["b", "a"]), roleWith(["{{internal.logins}}", "a"]), roleWith([], ["root"])];
    expect(expandRoleLogins(roles, traits)).toEqual(["b", "a", "deploy"]);
  });

  it("never gives an unusable login and never throws", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string()),
        fc.dictionary(fc.string(), fc.array(fc.string())),
        (written, given) => {
          for (const login of expandLogins(roleWith([...written, "{{external.a}}"]), given)) {
            expect(login).toMatch(/^[^-:/\s][^:/\s]{0,31}$/);
          }
        },
      ),
    );
  });
});
