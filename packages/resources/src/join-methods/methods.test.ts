import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinAttrs } from "../bot-instance/join-attrs.ts";
import { matchableClaims, matchToken } from "../match-token.ts";
import { samples, tokenWith, withClaim } from "../testing/methods.ts";
import { ruleKeysOf } from "../token-keys.ts";
import { joinMethods } from "./registry.ts";

const all = Object.entries(samples);
const changed = (value: unknown): unknown => (Array.isArray(value) ? ["zzz"] : "zzz");
const valueAt = (claims: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], claims);

it("has a sample of every method with rules, with every field of the reference", () => {
  const withRules = Object.values(joinMethods).filter(({ fields }) => fields.length > 0);
  expect(Object.keys(samples).sort()).toEqual(withRules.map(({ name }) => name).sort());
  for (const { name, fields } of withRules) {
    expect(Object.keys(samples[name]?.rule ?? {}).sort()).toEqual(fields.map(({ field }) => field).sort());
    const others = Object.keys(ruleKeysOf(name) ?? {}).filter(
      (key) => !fields.some(({ field }) => field === key),
    );
    expect({ name, others }).toEqual({
      name,
      others:
        { iam: ["aws_regions", "aws_role"], ec2: ["aws_role", "aws_arn"], tpm: ["description"] }[
          name as string
        ] ?? [],
    });
  }
});

describe.each(all)("%s", (method, { claims, rule, claimOf, attributes }) => {
  it("matches a rule of all its fields, and traces each", () => {
    const trace = matchToken(tokenWith(method, [rule]), claims);
    expect(trace).toMatchObject({ matched: true, rules: [{ index: 0, matched: true }] });
    const order = joinMethods[method as keyof typeof joinMethods].fields.map(({ field }) => field);
    expect(trace.rules[0]?.fields.map(({ field }) => field)).toEqual(order);
    for (const { field, wanted, matched } of trace.rules[0]?.fields ?? []) {
      expect({ matched, wanted }).toEqual({ matched: true, wanted: [rule[field]].flat().join(", ") });
    }
  });

  it.each(Object.keys(rule))("keeps out whoever differs in %s, or lacks its claim", (field) => {
    const token = tokenWith(method, [rule]);
    const path = claimOf[field] ?? [field];
    for (const value of [changed(valueAt(claims, path)), undefined]) {
      const trace = matchToken(token, withClaim(claims, path, value));
      expect(trace.matched).toBe(false);
      if (trace.refusal !== undefined && trace.rules.length === 0) continue;
      const wrong = trace.rules[0]?.fields.filter(({ matched }) => !matched).map((each) => each.field);
      expect(wrong).toContain(field);
    }
  });

  it("is recorded with every field of the reference", () => {
    const token = tokenWith(method, [rule]);
    const meta = { join_token_name: "a-token", join_method: method };
    const expected = method === "ec2" ? { meta } : { meta, [method]: attributes };
    expect(joinAttrs(token, claims)).toEqual(expected);
  });

  it("is recorded without zero values", () => {
    const token = tokenWith(method, [rule]);
    const member = Object.entries(joinAttrs(token, {})).find(([name]) => name === method)?.[1];
    const empty: unknown = {
      azure_devops: { pipeline: {} },
      kubernetes: { service_account: {} },
      ec2: undefined,
    }[method as string];
    expect(member).toEqual(method === "ec2" || empty !== undefined ? empty : {});
  });

  it("reads strange claims without any other error than the documented one", () => {
    const token = tokenWith(method, [rule]);
    const names = [
      ...new Set([...Object.keys(claims), "google", "kubernetes.io", "__proto__", "constructor"]),
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (strange) => {
        try {
          const { matched } = matchToken(token, strange);
          expect(matched).toBe(false);
          matchableClaims(method, strange);
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_RESOURCE_CLAIM_TYPE" });
        }
      }),
    );
  });
});

describe("what differs between versions and builds", () => {
  it("gitlab.pipeline_source is recorded from 18 on (profiles.md)", () => {
    const token = tokenWith("gitlab", [{ project_path: "a" }]);
    expect(joinAttrs(token, { pipeline_source: "push" }, "17").gitlab).toEqual({});
    expect(joinAttrs(token, { pipeline_source: "push" }, "18").gitlab).toEqual({ pipeline_source: "push" });
  });

  it("azure.tenant is recorded from 19 on", () => {
    expect(joinAttrs(tokenWith("azure", [{ subscription: "a" }]), { tenant: "t" }, "18").azure).toEqual({});
  });

  it("resource groups are compared regardless of case after 14", () => {
    const token = tokenWith("azure", [{ subscription: "s", resource_groups: ["ci-RUNNERS"] }]);
    const claims = { subscription: "s", resource_group: "Ci-Runners" };
    expect(matchToken(token, claims, { serverVersion: "14.2.0" }).matched).toBe(false);
    expect(matchToken(token, claims, { serverVersion: "15" }).matched).toBe(true);
  });

  it("the name of a token of method token is not recorded", () => {
    const token = { ...tokenWith("github", [{ repository: "a/b" }]), joinMethod: "token" };
    expect(joinAttrs(token, {})).toEqual({ meta: { join_method: "token" } });
  });
});

describe("gitlab", () => {
  const match = (rule: object, claims: object): boolean =>
    matchToken(tokenWith("gitlab", [{ project_path: "acme/shop", ...rule }]), {
      project_path: "acme/shop",
      ...claims,
    }).matched;

  it.each([
    [{ ref: "*" }, { ref: "release/1.2" }, true],
    [{ ref: "release/*" }, { ref: "release/1/2" }, true],
    [{ ref: "release/?" }, { ref: "release/12" }, false],
    [{ ref: "release-?" }, { ref: "release-\u{1f600}" }, true],
    [{ ref: "main" }, { ref: "mainx" }, false],
    [{ ref: "main" }, { ref: "Main" }, false],
    [{ ref: "m.in" }, { ref: "main" }, false],
    [{ ref: "[m]ain" }, { ref: "main" }, false],
    [{ ref: "m*n" }, { ref: "ma\nin" }, false],
    [{ ref: "m\n*n" }, { ref: "m\nain" }, true],
    // An absent claim is an empty text to the server, and `*` matches that.
    [{ ref: "*" }, {}, true],
    [{ ref: "?*" }, {}, false],
    [{ ref_protected: true }, { ref_protected: "true" }, true],
    [{ ref_protected: true }, { ref_protected: "false" }, false],
    [{ ref_protected: true }, {}, false],
    [{ ref_protected: false }, { ref_protected: "false" }, true],
    [{ ref_protected: false }, { ref_protected: "true" }, false],
    [{ ref_protected: false }, {}, false],
    [{ ref_protected: null }, {}, true],
    [{ environment_protected: false }, {}, false],
    [{ ref_protected: "on" }, { ref_protected: "true" }, true],
    [{ ref_protected: "zzz" }, { ref_protected: "false" }, true],
    [{ ref_protected: "zzz" }, {}, false],
    // Only four fields glob.
    [{ environment: "prod*" }, { environment: "production" }, false],
    [{ user_login: "*" }, { user_login: "dana" }, false],
    [{ ci_config_ref_uri: "*" }, { ci_config_ref_uri: "x" }, false],
  ])("%j against %j: %s", (rule, claims, expected) => {
    expect(match(rule, claims)).toBe(expected);
  });

  it.each([
    ["runner_id", "5127"],
    ["runner_id", 1.5],
    ["ref_protected", true],
    ["user_id", 1],
  ])("%s as %j is refused as such", (claim, value) => {
    const act = () => match({}, { [claim]: value });
    expect(act).toThrow(expect.objectContaining({ code: "ERR_RESOURCE_CLAIM_TYPE" }));
  });
});

describe("circleci", () => {
  const token = tokenWith("circleci", [{ context_id: "c1" }]);
  const claim = "oidc.circleci.com/context-ids";

  it.each([
    [["c1"], true],
    [["c0", "c1"], true],
    [["c0"], false],
    [[], false],
    [["c0", null], false],
    [null, false],
    [undefined, false],
  ])("wants one of the contexts: %j", (contexts, expected) => {
    expect(matchToken(token, { [claim]: contexts }).matched).toBe(expected);
  });

  it.each(["c1", [1], [["c1"]], {}])("refuses contexts %j", (contexts) => {
    expect(() => matchToken(token, { [claim]: contexts })).toThrow("must be a list of texts");
  });

  it("shows all contexts in the trace", () => {
    expect(matchToken(token, { [claim]: ["c0", "c1"] }).rules[0]?.fields).toEqual([
      { field: "context_id", wanted: "c1", found: "c0, c1", matched: true },
    ]);
  });
});

describe("gcp", () => {
  const match = (rule: object, zone: string | undefined): unknown => {
    const token = tokenWith("gcp", [{ project_ids: ["p"], ...rule }]);
    const engine = { project_id: "p", ...(zone === undefined ? {} : { zone }) };
    return matchToken(token, { email: "a@b", google: { compute_engine: engine } }).matched;
  };

  it.each([
    ["us-west1", "us-west1-b", true],
    ["us-west1-b", "us-west1-b", true],
    ["us-west1-a", "us-west1-b", false],
    ["us-west1-", "us-west1-b", true],
    ["us-west", "us-west1-b", false],
    ["us-east1", "us-west1-b", false],
    ["us", "us-west1-b", false],
    ["us-west1-b-c", "us-west1-b", false],
    ["us-west1", "us-west1", false],
    ["us-west1", "us-west1-", false],
    ["us-west1", undefined, false],
    ["US-west1", "us-west1-b", false],
  ])("location %s, zone %s: %s", (location, zone, expected) => {
    expect(match({ locations: ["x", location] }, zone)).toBe(expected);
  });

  it("names the location when that alone keeps out a job without a zone", () => {
    const token = tokenWith("gcp", [{ project_ids: ["q"] }, { project_ids: ["p"], locations: ["us-west1"] }]);
    const claims = { email: "ci@p.iam.gserviceaccount.com" };
    expect(matchToken(token, claims)).toMatchObject({
      matched: false,
      refusal: { class: "compare-failed", message: expect.stringContaining("google.compute_engine.zone") },
      rules: [{ matched: false }, { fields: [{ matched: true }, { field: "locations", matched: false }] }],
    });
  });

  it.each([
    ["ci@acme.iam.gserviceaccount.com", undefined],
    ["1-compute@developer.gserviceaccount.com", "default compute engine service account"],
    ["ci@acme.x.iam.gserviceaccount.com", "invalid email claim"],
    ["dana@example.com", "invalid email claim"],
    ["", "invalid email claim"],
  ])("outside Compute Engine takes the project from %j", (email, message) => {
    const trace = matchToken(tokenWith("gcp", [{ project_ids: ["acme"] }]), { email });
    expect(trace.matched).toBe(message === undefined);
    if (message !== undefined) expect(trace.refusal?.message).toContain(message);
  });

  it("is recorded without gce outside Compute Engine", () => {
    const token = tokenWith("gcp", [{ project_ids: ["acme"] }]);
    expect(joinAttrs(token, { email: "a@b" }).gcp).toEqual({ service_account: "a@b" });
  });
});

describe("kubernetes", () => {
  const { claims = {}, rule = {} } = samples["kubernetes"] ?? {};
  const inCluster = tokenWith("kubernetes", [rule], { type: "", static_jwks: null });
  const byKey = tokenWith("kubernetes", [rule]);
  const byIssuer = tokenWith("kubernetes", [rule], {
    type: "oidc",
    static_jwks: null,
    oidc: { issuer: "https://k8s.example.com" },
  });
  const { "kubernetes.io": _, ...unbound } = claims;

  it("asks for a pod and a short life unless the API server vouches", () => {
    expect(matchToken(inCluster, unbound).matched).toBe(true);
    expect(matchToken(byKey, unbound).refusal).toEqual({
      class: "bad-parameter",
      message: "static_jwks joining requires the use of projected pod bound service account token",
    });
    expect(matchToken(byIssuer, unbound).refusal?.message).toBe(
      "oidc joining requires the use of a projected pod bound service account token",
    );
    const iat = 1767225600;
    expect(matchToken(byKey, { ...claims, iat, exp: iat + 1800 }).matched).toBe(true);
    expect(matchToken(byKey, { ...claims, iat, exp: iat + 1801 }).refusal?.message).toContain("30m0s");
  });

  it.each(["ci:deployer", "system:serviceaccount:ci:deploye", "system:serviceaccount:CI:deployer", "*"])(
    "compares the whole user name: %s",
    (sub) => {
      expect(matchToken(inCluster, { sub }).matched).toBe(false);
    },
  );

  it("tells claims apart by case, unlike the others", () => {
    expect(matchToken(inCluster, { Sub: "system:serviceaccount:ci:deployer" }).matched).toBe(false);
    expect(matchToken(tokenWith("github", [{ repository: "a/b" }]), { Repository: "a/b" }).matched).toBe(
      true,
    );
    const both = { repository: "a/b", REPOSITORY: "c/d" };
    expect(matchToken(tokenWith("github", [{ repository: "a/b" }]), both).matched).toBe(false);
    expect(
      matchToken(tokenWith("github", [{ repository: "a/b" }]), { ...both, Repository: null }).matched,
    ).toBe(false);
  });
});

describe("azure_devops", () => {
  const token = tokenWith("azure_devops", [{ project_name: "my project" }], { organization_id: "o" });

  it.each([
    ["p://acme/my%20project/deploy", undefined],
    ["P://acme/my project/deploy", undefined],
    ["p://acme/my%20project/deploy?x#y", undefined],
    [
      "sc://acme/my%20project/deploy",
      'id token is not of pipeline kind (sub: "sc://acme/my%20project/deploy")',
    ],
    ["repo:a/b", 'id token is not of pipeline kind (sub: "repo:a/b")'],
    ["", 'id token is not of pipeline kind (sub: "")'],
    ["p://acme/my%20project/folder/deploy", "subject malformed, expected 2 path elements"],
    ["p://acme/my%20project%2Fx/deploy", "subject malformed, expected 2 path elements"],
    ["p://acme", "subject malformed, expected 2 path elements"],
    ["p://acme/my%zz/deploy", "invalid URL"],
  ])("%s", (sub, message) => {
    const trace = matchToken(token, { sub, org_id: "o" });
    expect(trace.matched).toBe(message === undefined);
    if (message !== undefined) expect(trace.refusal?.message).toContain(message);
  });

  it("refuses another organisation before any rule", () => {
    expect(matchToken(token, { sub: "p://acme/my%20project/x", org_id: "O" })).toEqual({
      matched: false,
      rules: [],
      refusal: {
        class: "bad-parameter",
        message: "organization ID in token (O) does not match configured (o)",
      },
    });
  });
});

describe("the ID token that is expected", () => {
  it.each([
    ["gitlab", {}, "https://gitlab.com", "c.test"],
    ["gitlab", { domain: "git.acme.com" }, "https://git.acme.com", "c.test"],
    ["circleci", { organization_id: "o" }, "https://oidc.circleci.com/org/o", "o"],
    ["bitbucket", { audience: "a", identity_provider_url: "https://b" }, "https://b", "a"],
    ["spacelift", { hostname: "h" }, "https://h", "h"],
    ["env0", {}, "https://login.app.env0.com/", "https://prod.env0.com"],
    [
      "azure_devops",
      { organization_id: "o" },
      "https://vstoken.dev.azure.com/o",
      "api://AzureADTokenExchange",
    ],
    ["terraform_cloud", {}, "https://app.terraform.io", "c.test"],
    ["terraform_cloud", { hostname: "h", audience: "a" }, "https://h", "a"],
    ["gcp", {}, "https://accounts.google.com", "teleport.cluster.local"],
    ["kubernetes", {}, undefined, "c.test"],
    ["kubernetes", { type: "in_cluster", static_jwks: null }, undefined, undefined],
    ["kubernetes", { type: "oidc", static_jwks: null, oidc: { issuer: "https://i" } }, "https://i", "c.test"],
    ["iam", undefined, undefined, undefined],
  ] as const)("%s %j", (method, block, issuer, audience) => {
    const token = tokenWith(method, [samples[method]?.rule], block as Record<string, unknown> | undefined);
    expect(joinMethods[method].expectedIssuer(token)).toBe(issuer);
    expect(joinMethods[method].expectedAudience(token, "c.test")).toBe(audience);
  });
});

it("lists the claims that a rule can name, derived ones too", () => {
  const { claims = {} } = samples["azure_devops"] ?? {};
  expect(matchableClaims("azure_devops", claims).map(({ field, value }) => `${field}=${value}`)).toContain(
    "pipeline_name=deploy-prod",
  );
  expect(matchableClaims("token", claims)).toEqual([]);
  expect(matchableClaims("zebra", claims)).toEqual([]);
});
