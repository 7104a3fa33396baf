import { expect, test } from "vitest";
import { findJoinMethod, joinMethods } from "./index.ts";

test.each([
  ["github", { proof: "id-token", audience: "teleport.cluster.local" }],
  ["token", { proof: "secret", audience: undefined }],
])("%s", (name, expected) => {
  expect(findJoinMethod(name)).toMatchObject({ name, ...expected });
});

test("names are told apart and listed in a refusal", () => {
  const names = joinMethods.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(() => findJoinMethod("GitHbu")).toThrow(
    expect.objectContaining({
      code: "ERR_JOIN_METHOD_UNKNOWN",
      kind: "user",
      message: 'The join method "GitHbu" is not one that bot-join can perform.',
      hint: `Did you mean "github"? It can perform: ${names.join(", ")}.`,
    }),
  );
  expect(() => findJoinMethod("kerberos")).toThrow(
    expect.objectContaining({ hint: `It can perform: ${names.join(", ")}.` }),
  );
});
