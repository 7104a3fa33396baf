import { describe, expect, it } from "vitest";
import { exportNames, isExportedName, isIdentityId } from "./export-names.ts";

describe("exportNames", () => {
  it("gives the default identity the names that Teleport's tools read", () => {
    expect(exportNames("default")).toEqual({
      identityFile: "TELEPORT_IDENTITY_FILE",
      proxy: "TELEPORT_PROXY",
      authServer: "TELEPORT_AUTH_SERVER",
      sshConfig: "TELEPORT_SSH_CONFIG",
      kubeconfig: "KUBECONFIG",
    });
  });

  it.each([
    ["prod", "BOT_JOIN_PROD"],
    ["eu-1.b_c", "BOT_JOIN_EU_1_B_C"],
    ["Default", "BOT_JOIN_DEFAULT"],
  ])("gives %s names of its own", (id, prefix) => {
    const names = exportNames(id);
    expect(names).toEqual({
      identityFile: `${prefix}_IDENTITY_FILE`,
      proxy: `${prefix}_PROXY`,
      authServer: undefined,
      sshConfig: `${prefix}_SSH_CONFIG`,
      kubeconfig: `${prefix}_KUBECONFIG`,
    });
    for (const name of Object.values(names).filter((value) => value !== undefined)) {
      expect(isExportedName(name)).toBe(true);
    }
  });
});

it.each(["BOT_JOIN_PROXY", "BOT_JOIN_CA_FILE", "TELEPORT_PROXY"])(
  "%s is no exported name of another id",
  (name) => {
    expect(isExportedName(name)).toBe(false);
  },
);

it.each([
  ["a", true],
  ["0.x-Y_z", true],
  ["x".repeat(64), true],
  ["x".repeat(65), false],
  ["", false],
  [".", false],
  ["..", false],
  ["a/b", false],
  ["ä", false],
  ["a b", false],
  ["a\n", false],
])("isIdentityId(%j) is %j", (id, expected) => {
  expect(isIdentityId(id)).toBe(expected);
});
