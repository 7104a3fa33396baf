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

  test("every ID token method has a platform, and no platform is without a method", () => {
    const withIdToken = joinMethods.filter(({ proof }) => proof === "id-token").map(({ name }) => name);
    const without = platforms.map(({ name }) => name).filter((name) => !withIdToken.includes(name));
    expect(withIdToken.filter((name) => !platforms.some((platform) => platform.name === name))).toEqual([]);
    expect(without).toEqual([]);
  });

  test("a method that goes over teleport.join.v1 alone came with the version that the resource model names", () => {
    for (const { name, joinServiceSince } of joinMethods.filter(({ joinServiceSince }) => joinServiceSince)) {
      expect(findJoinMethod(name)?.since, name).toBe(joinServiceSince);
    }
  });

  test("a constant audience is the same in both registries", () => {
    for (const { name, tokens } of platforms.filter((platform) => names.includes(platform.name))) {
      expect(joinMethods.find((method) => method.name === name)?.audience, name).toBe(tokens.audience);
    }
  });
});
