import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResourceError } from "./errors.ts";
import { joinMethods } from "./join-methods/registry.ts";
import { matchToken } from "./match-token.ts";
import type { TokenResource } from "./model.ts";
import { githubToken } from "./testing.ts";

const claims = {
  sub: "repo:octo-eng/payments:environment:production",
  repository: "octo-eng/payments",
  repository_owner: "octo-eng",
  workflow: "deploy",
  environment: "production",
  actor: "mona",
  ref: "refs/heads/main",
  ref_type: "branch",
  run_id: "8123456789",
  iss: "https://token.actions.githubusercontent.com",
  exp: 1767225900,
};

/** Each matchable field and the claim of the same name (provision-token.md section 4.3). */
const fields = [
  "sub",
  "repository",
  "repository_owner",
  "workflow",
  "environment",
  "actor",
  "ref",
  "ref_type",
];

describe("github rules", () => {
  it.each(fields)("compare %s exactly, byte for byte", (field) => {
    const value = Object.entries(claims).find(([name]) => name === field)?.[1] as string;
    const rule = { repository_owner: "octo-eng", [field]: value };
    expect(matchToken(githubToken([rule]), claims).matched).toBe(true);
    for (const other of [value.toUpperCase(), `${value} `, `${value.slice(0, -1)}*`, value.slice(1), "*"]) {
      expect(matchToken(githubToken([{ ...rule, [field]: other }]), claims).matched).toBe(false);
    }
  });

  it("know of every field of the reference, and of no other", () => {
    expect(joinMethods.github.fields.map(({ field }) => field)).toEqual(fields);
    for (const { field, claim } of joinMethods.github.fields) {
      expect(claim).toBe(field);
      expect(joinMethods.github.claims).toContain(claim);
    }
  });

  it("do not take a short ref for a full one", () => {
    const token = githubToken([{ repository: "octo-eng/payments", ref: "main" }]);
    expect(matchToken(token, claims).matched).toBe(false);
  });

  it("leave a trace of every rule and every checked field, in the server's order", () => {
    const token = githubToken([
      { environment: "staging", repository: "octo-eng/payments" },
      { repository_owner: "octo-eng", ref: "" },
      { sub: "x", actor: "mona" },
    ]);
    const { environment: _, ...withoutEnvironment } = claims;
    expect(matchToken(token, withoutEnvironment)).toEqual({
      matched: true,
      rules: [
        {
          index: 0,
          matched: false,
          fields: [
            { field: "repository", wanted: "octo-eng/payments", found: "octo-eng/payments", matched: true },
            { field: "environment", wanted: "staging", found: undefined, matched: false },
          ],
        },
        {
          index: 1,
          matched: true,
          fields: [{ field: "repository_owner", wanted: "octo-eng", found: "octo-eng", matched: true }],
        },
        {
          index: 2,
          matched: false,
          fields: [
            { field: "sub", wanted: "x", found: claims.sub, matched: false },
            { field: "actor", wanted: "mona", found: "mona", matched: true },
          ],
        },
      ],
    });
  });

  it("admit nobody when they name neither repository, owner nor sub, or when there are none", () => {
    const parsed = githubToken([{ repository: "octo-eng/payments", ref_type: "branch" }]);
    const rule = { ...parsed.github?.allow[0], repository: "" };
    const loose = { ...parsed, github: { ...parsed.github, allow: [rule] } } as TokenResource;
    expect(matchToken(loose, claims)).toMatchObject({ matched: false, rules: [{ matched: false }] });
    const { github: _, ...bare } = parsed;
    expect(matchToken(bare, claims)).toEqual({ matched: false, rules: [] });
  });
});

describe("claims", () => {
  it.each([
    ["run_id", 8123456789, "a number"],
    ["repository", ["octo-eng/payments"], "a list"],
    ["actor", { name: "mona" }, "an object"],
    ["environment", false, "a boolean"],
  ])("of a wrong type are refused as such: %s", (claim, value, found) => {
    const act = () =>
      matchToken(githubToken([{ repository: "octo-eng/payments" }]), { ...claims, [claim]: value });
    expect(act).toThrow(ResourceError);
    expect(act).toThrow(
      expect.objectContaining({ code: "ERR_RESOURCE_CLAIM_TYPE", details: { claim, found, wanted: "text" } }),
    );
  });

  it("that are null count as absent, and those that no server reads may be anything", () => {
    const token = githubToken([{ repository: "octo-eng/payments" }]);
    expect(matchToken(token, { ...claims, environment: null, runner: 1 }).matched).toBe(true);
    expect(matchToken(token, { ...claims, repository: null }).rules[0]?.fields[0]?.found).toBeUndefined();
  });

  it("are not looked for on prototypes", () => {
    const token = githubToken([{ repository: "octo-eng/payments" }]);
    expect(matchToken(token, Object.create(claims)).matched).toBe(false);
    expect(matchToken(token, JSON.parse('{"__proto__":{"repository":"octo-eng/payments"}}')).matched).toBe(
      false,
    );
  });

  it.each(["token", "bound_keypair", "zebra", "constructor"])(
    "cannot open a token of method %s",
    (joinMethod) => {
      const token = { ...githubToken([{ repository: "octo-eng/payments" }]), joinMethod };
      expect(() => matchToken(token, claims)).toThrow(
        expect.objectContaining({ code: "ERR_RESOURCE_METHOD" }),
      );
    },
  );
});

const value = fc.constantFrom("", "a", "b", "a ", "A");
const ruleOf = fc.record(Object.fromEntries(fields.map((field) => [field, value])));
const claimsOf = fc.record(Object.fromEntries(fields.map((field) => [field, value])), { requiredKeys: [] });
const restricted = ruleOf.filter((rule) =>
  [rule["sub"], rule["repository"], rule["repository_owner"]].some(Boolean),
);

describe("properties of matching", () => {
  it("says yes exactly when some rule's non-empty fields all equal their claims", () => {
    fc.assert(
      fc.property(fc.array(restricted, { minLength: 1, maxLength: 4 }), claimsOf, (rules, found) => {
        const expected = rules.map((rule) =>
          fields.every((field) => !rule[field] || rule[field] === found[field]),
        );
        const trace = matchToken(githubToken(rules), found);
        expect(trace.rules.map(({ matched }) => matched)).toEqual(expected);
        expect(trace.matched).toBe(expected.includes(true));
        for (const [index, { fields: checked }] of trace.rules.entries()) {
          expect(checked).toEqual(
            fields
              .filter((field) => rules[index]?.[field])
              .map((field) => {
                const wanted = rules[index]?.[field];
                return { field, wanted, found: found[field], matched: wanted === found[field] };
              }),
          );
        }
      }),
    );
  });

  it("never says yes when a required field is absent from the claims", () => {
    fc.assert(
      fc.property(restricted, claimsOf, (rule, found) => {
        for (const field of fields.filter((name) => rule[name])) {
          const { [field]: _, ...without } = found;
          expect(matchToken(githubToken([rule]), without).matched).toBe(false);
        }
      }),
    );
  });

  it("is never widened by one more field in a rule", () => {
    fc.assert(
      fc.property(restricted, fc.constantFrom(...fields), value, claimsOf, (rule, field, more, found) => {
        fc.pre(rule[field] === "");
        const narrower = matchToken(githubToken([{ ...rule, [field]: more }]), found).matched;
        if (narrower) expect(matchToken(githubToken([rule]), found).matched).toBe(true);
      }),
    );
  });
});
