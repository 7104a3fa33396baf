import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJoinMethod } from "./join-methods/registry.ts";
import { matchToken } from "./match-token.ts";
import type { TokenResource } from "./model.ts";
import { checkResources, parseResources } from "./parse-resources.ts";
import { suggestionBreadths, suggestToken } from "./suggest-token.ts";
import { samples, withClaim } from "./testing/methods.ts";
import { writeYaml } from "./write-yaml.ts";

const parsed = (document: unknown): TokenResource =>
  parseResources(writeYaml(document), "suggestion")[0] as TokenResource;

const breadthsOf = (name: string): string[] => {
  const method = findJoinMethod(name);
  return method === undefined ? [] : suggestionBreadths(method);
};

const cases = Object.keys(samples).flatMap((method) =>
  [undefined, ...breadthsOf(method)].map((breadth): [string, string | undefined] => [method, breadth]),
);

/** Where a claim stands. */
const pathOf = (method: string, field: string): readonly string[] =>
  samples[method]?.claimOf[field] ?? [field];

describe.each(cases)("%s, breadth %s", (method, breadth) => {
  const claims = samples[method]?.claims ?? {};

  it("gives a token that the server takes, matches its own claims and keeps out whoever differs", () => {
    const suggestion = suggestToken(method, claims, breadth, { botName: "robot" });
    const report = checkResources(writeYaml(suggestion.document), "suggestion", { enterprise: true });
    expect(report.problems).toEqual([]);
    expect(report.warnings).toEqual([]);
    const token = parsed(suggestion.document);
    expect(matchToken(token, claims).matched).toBe(true);
    if (breadth !== undefined) expect(suggestion.breadth).toBe(breadth);
    for (const field of Object.keys(suggestion.rule)) {
      const path = pathOf(method, field);
      const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], claims);
      for (const other of [Array.isArray(value) ? ["zzz"] : "zzz", undefined]) {
        expect(matchToken(token, withClaim(claims, path, other)).matched).toBe(false);
      }
    }
  });
});

describe("any claims", () => {
  const text = fc.string({ minLength: 1, maxLength: 12 });
  const methods = ["github", "gitlab", "spacelift", "env0", "terraform_cloud", "bitbucket"];

  it.each(methods)("of %s: matches its own, refuses every change of what it names", (method) => {
    const { claims = {}, claimOf = {} } = samples[method] ?? {};
    const names = findJoinMethod(method)?.fields.map(({ claim }) => claim) ?? [];
    const strange = fc.record(Object.fromEntries(names.map((name) => [name, text])), { requiredKeys: [] });
    fc.assert(
      fc.property(
        strange,
        text,
        fc.constantFrom(undefined, ...breadthsOf(method)),
        (found, other, breadth) => {
          const all = { iss: claims["iss"], aud: claims["aud"], ...found };
          let suggestion: ReturnType<typeof suggestToken>;
          try {
            suggestion = suggestToken(method, all, breadth);
          } catch (error) {
            expect(error).toMatchObject({ code: "ERR_RESOURCE_SUGGEST" });
            return;
          }
          const token = parsed(suggestion.document);
          expect(matchToken(token, all).matched).toBe(true);
          for (const field of Object.keys(suggestion.rule)) {
            const [claim = field] = claimOf[field] ?? [field];
            if (found[claim] === other) continue;
            expect(matchToken(token, { ...all, [claim]: other }).matched).toBe(false);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("the default", () => {
  const { environment: _, ...branch } = samples["github"]?.claims ?? {};
  it.each([
    [
      "github",
      samples["github"]?.claims,
      "environment",
      { repository: "octo-eng/payments", environment: "production" },
    ],
    ["github", branch, "ref", { repository: "octo-eng/payments", ref: "refs/heads/main" }],
    [
      "github",
      { ...branch, sub: "repo:octo-eng/payments:pull_request", ref: "refs/pull/7/merge" },
      "pull-request",
      {
        repository: "octo-eng/payments",
        sub: "repo:octo-eng/payments:pull_request",
      },
    ],
    [
      "gitlab",
      samples["gitlab"]?.claims,
      "ref",
      { project_path: "acme/shop", ref: "main", ref_type: "branch" },
    ],
    [
      "kubernetes",
      { sub: "system:serviceaccount:ci:deployer" },
      "service-account",
      { service_account: "ci:deployer" },
    ],
  ])("for %s is the narrowest sensible one", (method, claims, breadth, rule) => {
    expect(suggestToken(method, claims ?? {})).toMatchObject({ breadth, rule });
  });

  it("takes over where the ID token comes from", () => {
    const claims = { ...samples["github"]?.claims, iss: "https://token.actions.githubusercontent.com/octo" };
    expect(suggestToken("github", claims).document.spec).toMatchObject({
      github: { enterprise_slug: "octo" },
    });
    const ghes = { ...claims, iss: "https://ghes.acme.com/_services/token" };
    expect(suggestToken("github", ghes, "owner", { name: "n", botName: "b" }).document).toEqual({
      kind: "token",
      version: "v2",
      metadata: { name: "n" },
      spec: {
        roles: ["Bot"],
        bot_name: "b",
        join_method: "github",
        github: { enterprise_server_host: "ghes.acme.com", allow: [{ repository_owner: "octo-eng" }] },
      },
    });
    const k8s = suggestToken("kubernetes", samples["kubernetes"]?.claims ?? {}, undefined, {
      staticJwks: '{"keys":[1]}',
    });
    expect(k8s.document.spec["kubernetes"]).toMatchObject({ type: "static_jwks" });
    const tfc = samples["terraform_cloud"]?.claims ?? {};
    const known = suggestToken("terraform_cloud", tfc, undefined, { clusterName: "teleport.example.com" });
    expect(known.document.spec["terraform_cloud"]).not.toHaveProperty("audience");
  });

  it.each([
    ["github", {}, undefined, "nothing that a rule could name"],
    ["github", { repository: "a/b" }, "environment", "names environment"],
    ["github", { repository: "a/b" }, "galaxy", 'no breadth "galaxy"'],
    ["gitlab", { project_path: "a*b" }, undefined, "holds * or ?"],
    ["circleci", { "oidc.circleci.com/project-id": "a" }, undefined, "'organization_id' to be set"],
    ["gcp", { email: "dana@example.com", google: {} }, "project", "which these claims do not have"],
    ["azure_devops", { sub: "sc://a/b/c", org_id: "o" }, "project", "which these claims do not have"],
  ])("is refused for %s with %j", (method, claims, breadth, message) => {
    const act = () => suggestToken(method, claims, breadth);
    expect(act).toThrow(expect.objectContaining({ code: "ERR_RESOURCE_SUGGEST" }));
    expect(act).toThrow(message);
  });

  it.each(["token", "bound_keypair", "zebra"])("does not exist for %s", (method) => {
    expect(() => suggestToken(method, {})).toThrow(expect.objectContaining({ code: "ERR_RESOURCE_METHOD" }));
  });
});
