import { platforms } from "@bot-join/id-tokens";
import { joinMethods } from "@bot-join/join";
import { findJoinMethod } from "@bot-join/resources";
import { inputTable } from "@bot-join/runner";
import { describe, expect, test } from "vitest";

const names = joinMethods.map(({ name }) => name);

describe("join methods", () => {
  test("the input join-method offers exactly those that the client performs", () => {
    expect(inputTable.find(({ name }) => name === "join-method")?.choices).toEqual(names);
  });

  test.each(joinMethods)("$name is proven as the resource model says", ({ name, proof }) => {
    const model = findJoinMethod(name);
    // A method that the resource model does not check yet has nothing to compare with.
    if (model !== undefined) expect(model.proof).toBe(proof);
  });

  test("every ID token method has a platform, and no platform is without a method but env0", () => {
    const withIdToken = joinMethods.filter(({ proof }) => proof === "id-token").map(({ name }) => name);
    const without = platforms.map(({ name }) => name).filter((name) => !withIdToken.includes(name));
    expect(withIdToken.filter((name) => !platforms.some((platform) => platform.name === name))).toEqual([]);
    // env0 joins over another transport only (join.md section 14), which the client does not speak yet.
    expect(without).toEqual(["env0"]);
  });

  test("a constant audience is the same in both registries", () => {
    for (const { name, tokens } of platforms.filter((platform) => names.includes(platform.name))) {
      expect(joinMethods.find((method) => method.name === name)?.audience, name).toBe(tokens.audience);
    }
  });
});
