import { describe, expect, it } from "vitest";
import { documentWith, doubts, samples } from "./testing/methods.ts";

const uuid = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

/** What a server accepts and cannot be meant: the rule, and where and what is said of it. */
describe.each<[string, [Record<string, unknown>, string | undefined][]]>([
  [
    "github",
    [
      [{ repository: "a/b" }, undefined],
      [{ repository: "a/b", ref: "refs/heads/main", ref_type: "branch" }, undefined],
      [
        { repository: "a/b", enviroment: "prod" },
        '.enviroment: unknown key "enviroment", which the server ignores silently; did you mean "environment"?',
      ],
      [
        { repository: "a/b", project_path: "x" },
        '.project_path: unknown key "project_path", which the server ignores silently; it is a key of the rules of gitlab, not of the rules of github',
      ],
      [
        { repository: "a/b", enterprise_slug: "x" },
        '.enterprise_slug: unknown key "enterprise_slug", which the server ignores silently; it is a key of spec.github, not of the rules of github',
      ],
      [
        { repository: "a/b", ref: "main" },
        ".ref: never matches: this is the short form; the claim is the full ref, such as refs/heads/main",
      ],
      [{ repository: "b" }, ".repository: never matches: this is not of the form owner/name"],
      [
        { repository: "a/*" },
        ".repository: nothing globs in this field: the server compares * and ? literally",
      ],
      [{ sub: "repo:a/b:*" }, ".sub: nothing globs in this field: the server compares * and ? literally"],
      [{ sub: "repo:a/?:ref" }, ".sub: nothing globs in this field: the server compares * and ? literally"],
      [
        { sub: "environment:prod" },
        ".sub: names no repository and no owner: whoever may customise subjects on GitHub can make such an ID token",
      ],
      [{ sub: "repo:a/b:environment:prod" }, undefined],
      [
        { repository: "a/b", repository_owner: "c" },
        ".repository_owner: never matches: the repository has another owner",
      ],
      [{ repository: "a/b", ref_type: "Branch" }, ".ref_type: never matches: this is none of branch, tag"],
      [
        { repository: "a/b", ref_type: "tag", ref: "refs/heads/x" },
        ".ref_type: never matches: the ref is of the other type",
      ],
      [
        { repository: "a/b", actor: " mona" },
        ".actor: never matches: there is white space at its begin or end",
      ],
    ],
  ],
  [
    "gitlab",
    [
      [{ project_path: "acme/*" }, undefined],
      [{ project_path: "*" }, ": matches every project of the GitLab instance"],
      [{ namespace_path: "*", sub: "*" }, ": matches every project of the GitLab instance"],
      [
        { project_path: "*/shop" },
        ".project_path: begins with a wildcard, so projects of every group of the GitLab instance may match",
      ],
      [
        { project_path: "acme/shop", ref: "refs/heads/main" },
        ".ref: never matches: this is a full ref; the claim is the short name, such as main",
      ],
      [
        { project_path: "acme/shop", ref: "*" },
        ".ref: matches everything, also a job without this claim: leave the key out",
      ],
      [
        { project_path: "acme/shop", environment: "prod*" },
        ".environment: nothing globs in this field: the server compares * and ? literally",
      ],
      [
        { project_path: "acme/shop", namespace_path: "other" },
        ".namespace_path: never matches: the project is in another namespace",
      ],
      [{ project_path: "acme/shop", user_id: "dana" }, ".user_id: never matches: this is no numeric id"],
      [
        { project_path: "acme/shop", ref_protected: "zzz" },
        '.ref_protected: "zzz" is neither true nor false: the server takes it for false without a word',
      ],
      [{ project_path: "acme/shop", ref_protected: "off" }, undefined],
    ],
  ],
  [
    "bitbucket",
    [
      [
        { workspace_uuid: uuid },
        ".workspace_uuid: never matches: this is no UUID in lower case with braces; the claim is {uuid}",
      ],
    ],
  ],
  [
    "circleci",
    [[{ project_id: uuid.toUpperCase() }, ".project_id: never matches: this is no UUID in lower case"]],
  ],
  [
    "terraform_cloud",
    [
      [
        { organization_id: "acme", project_name: "a" },
        ".organization_id: never matches: this is no id org-…",
      ],
    ],
  ],
  [
    "kubernetes",
    [
      [
        { service_account: "ci:*" },
        ".service_account: nothing globs in this field: the server compares * and ? literally",
      ],
    ],
  ],
  [
    "gcp",
    [
      [
        { project_ids: ["a"], locations: ["europe"] },
        ".locations[0]: never matches: this is no region (us-west1) and no zone (us-west1-b)",
      ],
      [{ project_ids: ["a", ""] }, ".project_ids[1]: an empty entry is met only by a job without this claim"],
      [
        { project_ids: ["a*"] },
        ".project_ids[0]: nothing globs in this field: the server compares * and ? literally",
      ],
    ],
  ],
  [
    "azure_devops",
    [
      [
        { project_name: "a", definition_id: "deploy" },
        ".definition_id: never matches: this is no numeric id",
      ],
    ],
  ],
  [
    "env0",
    [
      [
        { organization_id: uuid, project_name: "a", deployment_type: "plan" },
        ".deployment_type: never matches: this is none of deploy, destroy, prPlan, task",
      ],
    ],
  ],
  [
    "tpm",
    [
      [
        { ek_public_hash: "AB" },
        ".ek_public_hash: never matches: this is no SHA-256 in hex of small letters",
      ],
    ],
  ],
])("a rule of %s", (method, cases) => {
  it.each(cases)("%j", (rule, expected) => {
    const found = doubts(documentWith(method, [rule]), { enterprise: true });
    expect(found).toEqual(expected === undefined ? [] : [`spec.${method}.allow[0]${expected}`]);
  });
});

describe("a rule of iam", () => {
  it.each([
    [{ aws_account: "111111111111" }, []],
    [{ aws_arn: "arn:aws:sts::111111111111:assumed-role/a/*" }, []],
    [
      { aws_account: "1" },
      ["spec.allow[0].aws_account: never matches: this is no account id of twelve digits"],
    ],
    [{ aws_arn: "*" }, ["spec.allow[0].aws_arn: matches every AWS account there is"]],
    [
      { aws_arn: "arn:aws:sts::*:assumed-role/a/*" },
      ["spec.allow[0].aws_arn: names no account, so callers of any AWS account may match"],
    ],
    [
      { aws_account: "111111111111", aws_arn: "arn:aws:sts::222222222222:assumed-role/a/b" },
      ["spec.allow[0].aws_arn: never matches: the ARN is of another account"],
    ],
  ])("%j", (rule, expected) => {
    expect(doubts(documentWith("iam", [rule]))).toEqual(expected);
  });

  it("names the role itself", () => {
    const rule = { aws_account: "111111111111", aws_arn: "arn:aws:iam::111111111111:role/a" };
    expect(doubts(documentWith("iam", [rule]))[0]).toContain("assumed-role/ROLE/SESSION");
  });
});

describe("a token", () => {
  const base = documentWith("github", [{ repository: "a/b" }]);
  const withSpec = (more: object): unknown => ({ ...base, spec: { ...(base["spec"] as object), ...more } });
  const secret = (name: string): unknown => ({
    kind: "token",
    version: "v2",
    metadata: { name },
    spec: { roles: ["Bot"], bot_name: "b", join_method: "token" },
  });

  it("that has expired, when the time is given", () => {
    const expired = { ...base, metadata: { name: "t", expires: "2027-01-01T00:00:00Z" } };
    expect(doubts(expired)).toEqual([]);
    expect(doubts(expired, { now: new Date("2026-12-31T23:59:59Z") })).toEqual([]);
    expect(doubts(expired, { now: new Date("2027-01-01T00:00:00Z") })).toEqual([
      "metadata.expires: this time has passed: the token admits nobody",
    ]);
  });

  it.each([
    "ci",
    "my-bot",
    "payments-deployer-production",
    "production-2026",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "0123",
  ])("of method token whose secret can be guessed: %s", (name) => {
    const found = doubts(secret(name));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("can be guessed");
    expect(JSON.stringify(found)).not.toContain(name);
  });

  it.each(["21ed2cd0f458e92b094ae684a3ede7fc", "Zx81-Qw0pLm3-T7uVn2kRs"])(
    "of method token with a good secret",
    (name) => {
      expect(doubts(secret(name))).toEqual([]);
    },
  );

  it.each([
    [
      { roles: ["Bot", "Node"] },
      "spec.roles: a token for a bot also admits Node: give those a token of their own",
    ],
    [
      { gitlab: { allow: [{ project_path: "a" }] } },
      "spec.gitlab: is for join method gitlab; the server ignores it, since join_method is github",
    ],
    [
      { allow: [{ aws_account: "111111111111" }] },
      "spec.allow: is for join methods ec2 and iam; the server ignores it, since join_method is github",
    ],
    [{ aws_iid_ttl: "5m" }, "spec.aws_iid_ttl: is only for join method ec2; the server ignores it"],
    [
      { hostname: "x" },
      'spec.hostname: unknown key "hostname", which the server ignores silently; it is a key of spec.spacelift, spec.terraform_cloud, not of spec',
    ],
    [
      { botname: "x" },
      'spec.botname: unknown key "botname", which the server ignores silently; did you mean "bot_name"?',
    ],
  ])("with %j", (more, expected) => {
    expect(doubts(withSpec(more))).toEqual([expected]);
  });

  it("with JWKS that are none, or rules that are the same", () => {
    const found = doubts(
      documentWith("github", [{ repository: "a/b" }, { repository: "a/b" }], { static_jwks: "{}" }),
    );
    expect(found).toEqual([
      "spec.github.static_jwks: is no JWKS document with keys, so every join is refused",
      "spec.github.allow[1]: is the same as rule 0",
    ]);
  });

  it("for bots by ec2, which no server lets in", () => {
    const document = documentWith("ec2", [samples["ec2"]?.rule]);
    expect(
      doubts({ ...document, spec: { ...(document["spec"] as object), roles: ["Bot"], bot_name: "b" } }),
    ).toEqual([
      'spec.join_method: a bot cannot join by ec2: the server answers unsupported join method "ec2" for bot',
    ]);
  });

  it("without a version, as Terraform's examples are", () => {
    const { version: _, ...without } = base;
    expect(doubts(without)).toEqual([expect.stringContaining('write "version: v2"')]);
  });
});
