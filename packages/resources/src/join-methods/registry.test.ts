import { describe, expect, it } from "vitest";
import { githubToken } from "../testing.ts";
import { ruleKeysOf } from "../token-keys.ts";
import { joinMethodSince } from "./known.ts";
import { findJoinMethod, joinMethods } from "./registry.ts";

describe("the registry of join methods", () => {
  it("has each method under its own name, and a server for it", () => {
    for (const [name, method] of Object.entries(joinMethods)) {
      expect(method.name).toBe(name);
      expect(findJoinMethod(name)).toBe(method);
      expect(joinMethodSince.has(name)).toBe(true);
      expect(method.claims).toEqual([...new Set(method.claims)]);
      const names = method.fields.map(({ field }) => field);
      for (const { fields } of method.breadths) expect(names).toEqual(expect.arrayContaining([...fields]));
      const keys = Object.keys(ruleKeysOf(name) ?? {});
      expect(keys).toEqual(expect.arrayContaining(names));
      expect(keys).toEqual(expect.arrayContaining([...method.requiresOneOf]));
    }
  });

  it.each(["", "zebra", "constructor", "__proto__", "GitHub"])("has no method %j", (name) => {
    expect(findJoinMethod(name)).toBeUndefined();
  });

  it("expects no ID token of method token", () => {
    const token = { ...githubToken([{ repository: "acme/shop" }]), joinMethod: "token" };
    expect(joinMethods.token.expectedIssuer(token)).toBeUndefined();
    expect(joinMethods.token.expectedAudience(token, "example.teleport.sh")).toBeUndefined();
    expect(joinMethods.token.rules(token)).toEqual([]);
  });
});
