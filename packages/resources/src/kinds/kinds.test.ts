import { describe, expect, it } from "vitest";
import { checkResources, parseResources } from "../parse-resources.ts";
import { readTimestamp } from "../timestamp.ts";

function messages(text: string): string[] {
  return checkResources(text, "x").problems.map(({ path, message }) => `${path}: ${message}`);
}

describe("a bot", () => {
  it("is read with its traits and session length", () => {
    const text = `kind: bot
version: v1
metadata: {name: robot}
spec:
  roles: [access]
  traits:
  - {name: logins, values: [root]}
  - {name: logins, values: [deploy]}
  - {name: empty}
  max_session_ttl: 1d12h
`;
    expect(parseResources(text, "x")).toEqual([
      {
        kind: "bot",
        version: "v1",
        name: "robot",
        roles: ["access"],
        traits: { logins: ["root", "deploy"], empty: [] },
        maxSessionTtlMs: 36 * 3_600_000,
      },
    ]);
  });

  it("may be as short as its name", () => {
    const bot = "{kind: bot, version: v1, metadata: {name: a}, spec: {max_session_ttl: never}}";
    expect(parseResources(bot, "x")).toEqual([
      { kind: "bot", version: "v1", name: "a", roles: [], traits: {} },
    ]);
  });

  it("is refused with a wrong version, nameless parts or a duration that is none", () => {
    expect(
      messages(
        "{kind: bot, version: v2, metadata: {}, spec: {roles: [''], traits: [{values: [a]}, {name: __proto__, values: [b]}], max_session_ttl: 5}}",
      ),
    ).toEqual([
      'spec.max_session_ttl: must be text, found a number: put it in quotes (the server: ReadString: expects " or n, but found 5)',
    ]);
    expect(
      messages(
        "{kind: bot, version: v2, metadata: {}, spec: {roles: [''], traits: [{values: [a]}], max_session_ttl: 5 min}}",
      ),
    ).toEqual([
      "metadata.name: missing parameter Name",
      'version: bot version "v2" is not supported, the version is v1',
      "spec.roles[0]: a role needs a name",
      "spec.traits[0]: a trait needs a name",
      'spec.max_session_ttl: "5 min" is not a duration such as 8h or 1h30m',
    ]);
  });

  it("cannot reach a prototype by a trait's name", () => {
    const bot =
      "{kind: bot, version: v1, metadata: {name: a}, spec: {traits: [{name: __proto__, values: [b]}]}}";
    const [parsed] = parseResources(bot, "x");
    expect(parsed?.kind === "bot" && Object.getPrototypeOf(parsed.traits)).toBe(Object.prototype);
  });
});

describe("a user", () => {
  it("is read with its traits", () => {
    const user =
      "{kind: user, version: v2, metadata: {name: a, labels: {x: z}}, spec: {roles: [access], traits: {logins: [root]}}}";
    expect(parseResources(user, "x")).toEqual([
      {
        kind: "user",
        version: "v2",
        name: "a",
        labels: { x: "z" },
        roles: ["access"],
        traits: { logins: ["root"] },
      },
    ]);
  });

  it("is refused with a wrong version", () => {
    expect(messages("{kind: user, version: v1, metadata: {name: a}}")).toEqual([
      'version: user version "v1" is not supported, the version is v2',
    ]);
  });
});

describe("a role", () => {
  const role = (options: string, version = "v7") =>
    `{kind: role, version: ${version}, metadata: {name: a, description: d}, spec: {options: {${options}}}}`;

  it.each(["v3", "v4", "v5", "v6", "v7", "v8"])("may have version %s", (version) => {
    expect(parseResources(role("", version), "x")).toMatchObject([{ version, description: "d" }]);
  });

  it.each([
    [
      "",
      {
        maxSessionTtlMs: 30 * 3_600_000,
        portForwarding: true,
        forwardAgent: false,
        permitX11Forwarding: false,
      },
    ],
    ["max_session_ttl: 2h", { maxSessionTtlMs: 2 * 3_600_000 }],
    ["max_session_ttl: never", { maxSessionTtlMs: 30 * 3_600_000 }],
    ["max_session_ttl: 1mo", { maxSessionTtlMs: 30 * 24 * 3_600_000 }],
    [
      "port_forwarding: false, forward_agent: true, permit_x11_forwarding: true",
      { portForwarding: false, forwardAgent: true, permitX11Forwarding: true },
    ],
    [
      "port_forwarding: 'off', forward_agent: 'On', permit_x11_forwarding: zzz",
      { portForwarding: false, forwardAgent: true, permitX11Forwarding: false },
    ],
  ])("with the options {%s}", (options, expected) => {
    expect(parseResources(role(options), "x")).toMatchObject([expected]);
  });

  it("is refused with a wrong version, duration or pattern", () => {
    expect(messages(role("max_session_ttl: 2 hours", "v9"))).toEqual([
      'version: role version "v9" is not supported, versions are v3, v4, v5, v6, v7, v8',
      'spec.options.max_session_ttl: "2 hours" is not a duration such as 8h or 1h30m',
    ]);
    const conditions =
      "{kind: role, version: v7, metadata: {name: a}, spec: {deny: {impersonate: {roles: [a, '^(b$']}}}}";
    expect(messages(conditions)).toEqual([
      'spec.deny.impersonate.roles[1]: "^(b$" is not a valid regular expression',
    ]);
  });

  it("keeps every condition that is looked at", () => {
    const text = `kind: role
version: v7
metadata: {name: a}
spec:
  allow:
    logins: [l]
    impersonate: {users: [u], roles: [r], where: w}
    node_labels: {env: dev, team: [a, b]}
    app_labels: {a: b}
    cluster_labels: {c: d}
    kubernetes_labels: {e: f}
    db_labels: {g: h}
    kubernetes_groups: [kg]
    kubernetes_users: [ku]
    db_names: [dn]
    db_users: [du]
    aws_role_arns: [ar]
    azure_identities: [ai]
    gcp_service_accounts: [gs]
    rules: [{resources: [node], verbs: [list], where: w}]
`;
    expect(parseResources(text, "x")).toMatchObject([
      {
        allow: {
          logins: ["l"],
          impersonateRoles: ["r"],
          impersonateUsers: ["u"],
          impersonateWhere: "w",
          nodeLabels: { env: ["dev"], team: ["a", "b"] },
          appLabels: { a: ["b"] },
          clusterLabels: { c: ["d"] },
          kubernetesLabels: { e: ["f"] },
          dbLabels: { g: ["h"] },
          kubeGroups: ["kg"],
          kubeUsers: ["ku"],
          dbNames: ["dn"],
          dbUsers: ["du"],
          awsRoleArns: ["ar"],
          azureIdentities: ["ai"],
          gcpServiceAccounts: ["gs"],
          rules: [{ resources: ["node"], verbs: ["list"] }],
        },
      },
    ]);
  });
});

describe("a token", () => {
  const token = (spec: string, metadata = "name: t") =>
    `{kind: token, version: v2, metadata: {${metadata}}, spec: {${spec}}}`;

  it.each([
    ["roles: [Bot, bot], bot_name: b", 'spec.roles[1]: duplicate role "Bot"'],
    ["roles: [Bot]", 'spec.bot_name: token with role "Bot" must set bot_name'],
    ["roles: [Node], join_method: zzz", 'spec.join_method: unknown join method "zzz"'],
    ["roles: [Node], join_method: __proto__", 'spec.join_method: unknown join method "__proto__"'],
  ])("with {%s} is refused", (spec, message) => {
    expect(messages(token(spec))).toEqual([message]);
  });

  it.each([
    ["bot", "Bot"],
    [" DB ", "Db"],
    ["windowsdesktop", "WindowsDesktop"],
    ["windows_desktop", "WindowsDesktop"],
    ["trusted_cluster", "Trusted_cluster"],
  ])("takes the role %j for %s", (written, role) => {
    expect(
      parseResources(token(`roles: ['${written}'], bot_name: ${role === "Bot" ? "b" : "''"}`), "x"),
    ).toMatchObject([{ roles: [role], joinMethod: "token" }]);
  });

  it("may only have an origin that the server knows", () => {
    const labelled = (origin: string) =>
      token("roles: [Node]", `name: t, labels: {teleport.dev/origin: ${origin}}`);
    expect(messages(labelled("dynamic"))).toEqual([]);
    expect(messages(labelled("integration_awsoidc"))).toEqual([]);
    expect(messages(labelled("x"))).toEqual([
      'metadata.labels.teleport.dev/origin: invalid origin value "x", must be one of [defaults config-file dynamic cloud kubernetes okta discovery-kubernetes]',
    ]);
  });
});

describe("a timestamp", () => {
  it.each([
    ["2027-01-01T00:00:00Z", "2027-01-01T00:00:00.000Z"],
    ["2027-01-01t01:30:00.123456789+01:30", "2027-01-01T00:00:00.123Z"],
    ["2027-02-30T00:00:00Z", undefined],
    ["2027-13-01T00:00:00Z", undefined],
    ["2027-01-01T25:00:00Z", undefined],
    ["2027-01-01", undefined],
    ["tomorrow", undefined],
  ])("%s", (written, expected) => {
    expect(readTimestamp(written)?.toISOString()).toBe(expected);
  });
});
