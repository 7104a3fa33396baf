import { describe, expect, it } from "vitest";
import { documentWith, doubts, refusals, samples } from "../testing/methods.ts";

const lines = (method: string, text: string): string => `spec.${method}: failed validation\n\t${text}`;
const kubernetes = (text: string): string => `spec.kubernetes:\n\t${text}`;
const rule = (method: string): unknown[] => [samples[method]?.rule];
const certificate = `-----BEGIN CERTIFICATE-----\n${Buffer.concat([Buffer.from([0x30, 0x82, 0, 3]), Buffer.alloc(3)]).toString("base64")}\n-----END CERTIFICATE-----\n`;

/** provision-token.md section 4: what is refused, in the server's words, in its order. */
describe.each<[string, [unknown[], Record<string, unknown> | undefined, string[]][]]>([
  [
    "github",
    [
      [[], {}, ['the "github" join method requires at least one token allow rule']],
      [rule("github"), { enterprise_server_host: "a:8443" }, []],
      [
        rule("github"),
        { enterprise_server_host: "a/b" },
        ["'spec.github.enterprise_server_host' should not contain the scheme or path"],
      ],
    ],
  ],
  [
    "gitlab",
    [
      [
        [{ user_login: "a" }],
        {},
        [
          `the "gitlab" join method requires allow rules with at least one of ['sub', 'project_path', 'namespace_path', 'ci_config_ref_uri'] to ensure security.`,
        ],
      ],
      [
        [],
        { domain: "a/b" },
        [
          'the "gitlab" join method requires defined gitlab allow rules',
          "'spec.gitlab.domain' should not contain the scheme or path",
        ],
      ],
    ],
  ],
  [
    "circleci",
    [
      [
        [{}],
        { organization_id: "" },
        [
          `the "circleci" join method requires 'organization_id' to be set`,
          'allow rule for "circleci" must include at least "project_id" or "context_id"',
        ],
      ],
    ],
  ],
  [
    "bitbucket",
    [
      [
        [],
        { audience: "", identity_provider_url: "" },
        [
          lines("bitbucket", "allow: at least one rule must be set"),
          lines("bitbucket", "audience: an OpenID Connect Audience value is required"),
          lines("bitbucket", "identity_provider_url: an identity provider URL is required"),
        ],
      ],
      [
        [{ branch_name: "a" }],
        undefined,
        [lines("bitbucket", "allow[0]: at least one of ['workspace_uuid', 'repository_uuid'] must be set")],
      ],
    ],
  ],
  [
    "spacelift",
    [
      [
        [{ scope: "read" }],
        { hostname: "" },
        [
          lines("spacelift", "hostname: should be set to the hostname of the spacelift tenant"),
          lines("spacelift", "allow[0]: at least one of ['space_id', 'caller_id'] must be set"),
        ],
      ],
    ],
  ],
  [
    "env0",
    [
      [[], {}, [lines("env0", "allow: at least one rule must be set")]],
      [
        [{ organization_id: "o" }, { project_name: "p" }],
        {},
        [
          lines("env0", "allow[0]: at least one of ['project_id', 'project_name'] must be set"),
          lines("env0", "allow[1]: organization_id must be set"),
        ],
      ],
    ],
  ],
  [
    "azure_devops",
    [
      [
        [{ repository_version: "x" }],
        { organization_id: "" },
        [
          lines("azure_devops", "organization_id: must be set"),
          lines(
            "azure_devops",
            "allow[0]: at least one of ['sub', 'project_name', 'project_id'] must be set",
          ),
        ],
      ],
      [[], undefined, [lines("azure_devops", "allow: at least one rule must be set")]],
    ],
  ],
  [
    "terraform_cloud",
    [
      [
        [{ project_id: "p" }, { organization_name: "o" }, { organization_id: "o", workspace_name: "w" }],
        {},
        [
          lines("terraform_cloud", "allow[0]: one of ['organization_id', 'organization_name'] must be set"),
          lines(
            "terraform_cloud",
            "allow[1]: at least one of ['project_id', 'project_name', 'workspace_id', 'workspace_name'] must be set",
          ),
        ],
      ],
      [[], {}, [lines("terraform_cloud", "allow: at least one rule must be set")]],
    ],
  ],
  [
    "kubernetes",
    [
      [
        [],
        { type: "zzz" },
        [
          kubernetes("allow: at least one rule must be set"),
          kubernetes('type: must be one of (in_cluster, static_jwks, oidc), got "zzz"'),
        ],
      ],
      [
        rule("kubernetes"),
        { type: "oidc", oidc: { issuer: "https://a" } },
        [kubernetes('static_jwks: must not be set when type is "oidc"')],
      ],
      [
        rule("kubernetes"),
        { type: "oidc", static_jwks: null },
        [kubernetes('oidc.issuer: must be set when type is "oidc"')],
      ],
      [
        rule("kubernetes"),
        { type: "oidc", static_jwks: null, oidc: { issuer: "a b" } },
        [kubernetes("oidc.issuer must be a valid URL")],
      ],
      [
        rule("kubernetes"),
        { type: "oidc", static_jwks: null, oidc: { issuer: "http://a" } },
        [kubernetes("oidc.issuer must be https:// unless insecure_allow_http_issuer is set")],
      ],
      [
        rule("kubernetes"),
        { type: "oidc", static_jwks: null, oidc: { issuer: "http://a", insecure_allow_http_issuer: true } },
        [],
      ],
    ],
  ],
  [
    "gcp",
    [
      [[], {}, ['the "gcp" join method requires at least one token allow rule']],
      [
        [{ locations: ["a-b"] }],
        {},
        ['the "gcp" join method requires gcp allow rules with at least one project ID'],
      ],
    ],
  ],
  [
    "azure",
    [
      [[], {}, ['the "azure" join method requires defined azure allow rules']],
      [
        [{ resource_groups: ["a"] }],
        {},
        ['the "azure" join method requires azure allow rules with non-empty subscription'],
      ],
    ],
  ],
  [
    "tpm",
    [
      [
        [],
        {
          ekcert_allowed_cas: [
            "x",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            certificate,
          ],
        },
        [
          lines("tpm", "ekcert_allowed_cas[0]: no pem block found"),
          lines("tpm", "ekcert_allowed_cas[1]: pem block is not 'CERTIFICATE' type"),
          lines("tpm", "ekcert_allowed_cas[2]: parsing certificate"),
          lines("tpm", "allow: at least one rule must be set"),
        ],
      ],
      [
        [{ description: "a" }],
        {},
        [lines("tpm", "allow[0]: at least one of ['ek_public_hash', 'ek_certificate_serial'] must be set")],
      ],
    ],
  ],
  [
    "oracle",
    [
      [[], {}, ['the "oracle" join method requires at least one allow rule']],
      [[{ regions: ["phx"] }], {}, ["allow[0]: tenancy must be set"]],
    ],
  ],
])("%s", (method, cases) => {
  it.each(cases)("with rules %j and %j", (allow, block, expected) => {
    expect(refusals(documentWith(method, allow, block))).toEqual(expected);
  });

  it("takes its own sample, and wants a block", () => {
    expect(refusals(documentWith(method, rule(method)))).toEqual([]);
    const document = documentWith(method, rule(method));
    const [message] = refusals({ ...document, spec: { ...(document["spec"] as object), [method]: null } });
    const old = {
      circleci: '"cirleci" configuration must be provided for join method "circleci"',
      github: '"github" configuration must be provided for join method "github"',
    }[method];
    const middle = ["gitlab", "gcp", "azure", "kubernetes"].includes(method)
      ? `"${method}" configuration must be provided for the join method "${method}"`
      : undefined;
    expect(message).toBe(
      old ?? middle ?? `spec.${method}: must be configured for the join method "${method}"`,
    );
  });
});

describe("bound_keypair", () => {
  const document = (block: Record<string, unknown> | null): Record<string, unknown> => ({
    ...documentWith("bound_keypair", []),
    spec: { roles: ["Bot"], bot_name: "b", join_method: "bound_keypair", bound_keypair: block },
  });

  it.each([
    [null, ['spec.bound_keypair: must be configured for the join method "bound_keypair"']],
    [{}, []],
    [{ onboarding: { registration_secret: "s" }, recovery: { limit: 1, mode: "relaxed" } }, []],
    [
      { recovery: { limit: 0, mode: "x" } },
      [
        lines("bound_keypair", "recovery.limit: must be at least 1"),
        lines("bound_keypair", "recovery.mode: must be one of standard, relaxed, insecure"),
      ],
    ],
    [
      { rotate_after: "tomorrow", onboarding: { must_register_before: "x" } },
      [
        lines(
          "bound_keypair",
          "onboarding.must_register_before: must be an RFC 3339 time such as 2027-01-01T00:00:00Z",
        ),
        lines("bound_keypair", "rotate_after: must be an RFC 3339 time such as 2027-01-01T00:00:00Z"),
      ],
    ],
  ])("%j", (block, expected) => {
    expect(refusals(document(block))).toEqual(expected);
  });

  it("warns of a status, which only the server writes", () => {
    const withStatus = { ...document({}), status: { bound_keypair: { registration_secret: "s" } } };
    expect(doubts(withStatus)).toEqual([
      "status: the status is the server's own: it ignores what a document says",
    ]);
  });
});

describe("versions and builds (profiles.md)", () => {
  it.each([
    ["bitbucket", "16.3.0", "16.4.0"],
    ["terraform_cloud", "15", "16"],
    ["tpm", "15", "16"],
    ["azure_devops", "17.4", "17.5"],
    ["oracle", "16", "17"],
    ["env0", "18.3.9", "18.4"],
  ])("%s came between %s and %s", (method, before, since) => {
    const document = documentWith(method, rule(method));
    expect(refusals(document, { serverVersion: before })).toEqual([`unknown join method "${method}"`]);
    expect(refusals(document, { serverVersion: since })).toEqual([]);
  });

  it("keys that came later are ignored by older servers, which is said", () => {
    const document = documentWith("github", rule("github"), {
      enterprise_slug: "a",
      enterprise_server_host: "b",
    });
    expect(refusals(document)).toHaveLength(1);
    expect(refusals(document, { serverVersion: "14.2.0" })).toEqual([]);
    expect(doubts(document, { serverVersion: "14.2.0", enterprise: true })).toEqual([
      'spec.github.enterprise_slug: servers know "enterprise_slug" from version 15 on; this one ignores it silently',
    ]);
    const jwks = documentWith("gitlab", rule("gitlab"), { static_jwks: "{}" });
    expect(doubts(jwks, { serverVersion: "16" })).toHaveLength(1);
    const oidc = documentWith("kubernetes", rule("kubernetes"), {
      type: "oidc",
      static_jwks: null,
      oidc: { issuer: "https://a" },
    });
    expect(refusals(oidc, { serverVersion: "17" })).toEqual([
      kubernetes('type: must be one of (in_cluster, static_jwks), got "oidc"'),
    ]);
  });

  it.each([
    [
      "github",
      { enterprise_server_host: "a" },
      "github enterprise server joining: this feature requires Teleport Enterprise",
    ],
    [
      "github",
      { enterprise_slug: "a" },
      "github enterprise server joining: this feature requires Teleport Enterprise",
    ],
    [
      "terraform_cloud",
      { hostname: "a" },
      "terraform_cloud joining for Terraform Enterprise: this feature requires Teleport Enterprise",
    ],
    ["tpm", {}, "tpm joining: this feature requires Teleport Enterprise"],
  ])("%s with %j needs an Enterprise build", (method, block, message) => {
    const document = documentWith(method, rule(method), block);
    expect(refusals(document, { enterprise: false })).toEqual([message]);
    expect(refusals(document, { enterprise: true })).toEqual([]);
    expect(doubts(document)).toContain(
      `spec.${method}: a community build of Teleport refuses this: ${message}`,
    );
  });

  it("a version that is none is said to be none", () => {
    const code = "ERR_RESOURCE_SERVER_VERSION";
    for (const serverVersion of ["", "x", "14.x", "1e3", "latest"]) {
      expect(() => refusals({}, { serverVersion })).toThrow(expect.objectContaining({ code }));
    }
    expect(refusals({ kind: "zebra" }, { serverVersion: "v18.1.0-rc.1" })).toHaveLength(1);
  });
});
