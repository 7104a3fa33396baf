import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { OneShotError } from "../errors.ts";
import type { PlannedIdentityOutput, PlannedOutput } from "../plan.ts";
import type { TbotConfig } from "./config.ts";
import { parseOutputs, parseTbotYaml, readTbotYaml } from "./read.ts";

const defaults: PlannedIdentityOutput = {
  type: "identity",
  destination: { kind: "directory", path: "/job/default", symlinks: "try-secure" },
  roles: ["from-input"],
  credentialTtlMs: undefined,
  name: undefined,
  pkcs12: undefined,
  cluster: undefined,
  allowReissue: false,
  sshConfig: true,
};

const surroundings = {
  absolute: (path: string): string => resolve("/job", path),
  environment: { STORE_PASSWORD: "changeit" },
};

function config(text: string): TbotConfig {
  return parseTbotYaml(text, "tbot.yaml", surroundings);
}

function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(OneShotError);
    return (error as OneShotError).details["problems"] as string[];
  }
  return [];
}

/** A whole file with one more line at the top level. */
function whole(line: string): string {
  return `version: v2
proxy_server: example.teleport.sh:443
onboarding:
  token: ci
  join_method: github
storage: {type: memory}
outputs:
- type: identity
  destination: {type: directory, path: /out}
${line}
`;
}

const wholeInputs = {
  proxy: "example.teleport.sh:443",
  token: "ci",
  "join-method": "github",
};

describe("the top level (outputs.md section 9.2)", () => {
  test("a file as jobs have it", () => {
    const { outputs, ...read } = config(whole(""));
    expect(read).toEqual({ inputs: wholeInputs, notices: [] });
    expect(outputs(defaults)).toEqual([
      { ...defaults, destination: { kind: "directory", path: "/out", symlinks: "try-secure" } },
    ]);
  });

  test.each<[line: string, inputs: Record<string, string>, notice: RegExp | undefined]>([
    ["debug: true", { debug: "true" }, undefined],
    ["fips: true", { fips: "true" }, undefined],
    ["insecure: true", { insecure: "true" }, undefined],
    ["oneshot: true", {}, undefined],
    ["oneshot: false", {}, /^oneshot: false has no effect/],
    ["diag_addr: 127.0.0.1:3000", {}, /^diag_addr has no effect/],
    ["pid_file: /run/tbot.pid", {}, /^pid_file has no effect/],
    ["certificate_ttl: 30m", { "certificate-ttl": "30m" }, undefined],
    ["credential_ttl: 1h30m0s", { "certificate-ttl": "1h30m0s" }, undefined],
    [
      "credential_ttl: 30m\ncertificate_ttl: 2h",
      { "certificate-ttl": "30m" },
      /^certificate_ttl has no effect beside/,
    ],
    ["credential_ttl: 48h", { "certificate-ttl": "48h" }, /no cluster grants more than 24h/],
    ["renewal_interval: 20m", {}, /^renewal_interval has no effect/],
    ["services: []", {}, undefined],
  ])("%s", (line, inputs, notice) => {
    const read = config(whole(line));
    expect(read.inputs).toEqual({ ...wholeInputs, ...inputs });
    expect(read.notices).toEqual(notice === undefined ? [] : [expect.stringMatching(notice)]);
  });

  test("auth_server is the proxy's address, as on Teleport 14", () => {
    expect(config(whole("").replace("proxy_server", "auth_server")).inputs["proxy"]).toBe(
      "example.teleport.sh:443",
    );
  });

  test("services come before outputs, as in tbot", () => {
    const read = config(
      whole(
        "services:\n- type: ssh_host\n  principals: [web-1]\n  destination: {type: directory, path: /host}",
      ),
    );
    expect(read.outputs(defaults).map(({ type }) => type)).toEqual(["ssh_host", "identity"]);
  });

  test.each<[line: string, problem: string]>([
    [
      "relay_server: relay:443",
      "line 10, column 1: relay_server cannot be used: bot-join reaches the cluster through the proxy only",
    ],
    ["scoped: true", "line 10, column 1: scoped cannot be used: joins into a scope are not possible"],
    [
      "join_uri: tbot+proxy://x",
      "line 10, column 1: join_uri cannot be used: give proxy_server, and onboarding with token and join_method",
    ],
    [
      "auth_server: auth:3025",
      "line 10, column 14: auth_server and proxy_server are both given; bot-join needs the proxy's address only",
    ],
    [
      "certificate_tll: 1h",
      'line 10, column 1: unknown key "certificate_tll"; did you mean certificate_ttl?',
    ],
    [
      "certificate_ttl: 60",
      "line 10, column 18: certificate_ttl must be a duration above zero with its unit, such as 30m or 1h30m",
    ],
    ["debug: maybe", "line 10, column 8: debug must be true or false"],
    ["services: {}", "line 10, column 11: a list of outputs is wanted: - type: identity …"],
  ])("%s is refused", (line, problem) => {
    expect(problemsOf(() => config(whole(line)))).toEqual([problem]);
  });
});

describe("onboarding (outputs.md section 9.3)", () => {
  const onboarding = (line: string): string =>
    whole("").replace("  join_method: github", `  join_method: github\n${line}`);

  test.each<[line: string, inputs: Record<string, string>]>([
    [`  ca_pins: ["sha256:${"ab".repeat(32)}"]`, { "ca-pin": `sha256:${"ab".repeat(32)}` }],
    ["  ca_pins: []", {}],
    ["  ca_path: /etc/ca.pem", { "ca-file": "/etc/ca.pem" }],
  ])("%s", (line, inputs) => {
    expect(config(onboarding(line)).inputs).toEqual({ ...wholeInputs, ...inputs });
  });

  test.each<[method: string, line: string, inputs: Record<string, string>]>([
    ["gitlab", "  gitlab: {token_env_var_name: PROD_JWT}", { "id-token-variable": "PROD_JWT" }],
    [
      "terraform_cloud",
      "  terraform: {audience_tag: teleport}",
      { "id-token-variable": "TFC_WORKLOAD_IDENTITY_TOKEN_TELEPORT" },
    ],
    ["kubernetes", "  kubernetes: {token_path: /var/run/token}", { "id-token-file": "/var/run/token" }],
  ])("with the method %s, %s", (method, line, inputs) => {
    const text = onboarding(line);
    expect(config(text.replace("github", method)).inputs).toEqual({
      ...wholeInputs,
      "join-method": method,
      ...inputs,
    });
    const { inputs: others, notices } = config(text);
    expect(others).toEqual(wholeInputs);
    expect(notices).toEqual([expect.stringContaining(`has no effect: join_method is not ${method}.`)]);
  });

  test.each<[line: string, problem: RegExp]>([
    ["  azure: {client_id: x}", /^line 6, column 3: azure cannot be used: the join method azure/],
    ["  bound_keypair: {registration_secret: x}", /^line 6, column 3: bound_keypair cannot be used/],
    ["  generic_oidc: {env: X}", /^line 6, column 3: generic_oidc cannot be used/],
    ["  tokn: x", /^line 6, column 3: unknown key "tokn"; did you mean token\?$/],
    [
      "  ca_pins: [x]\n  ca_path: y",
      /^line 7, column 12: the options ca-pin and ca-path are mutually exclusive$/,
    ],
    ["  gitlab: {variable: x}", /^line 6, column 12: unknown key "variable"/],
  ])("%s is refused", (line, problem) => {
    expect(problemsOf(() => config(onboarding(line)))).toEqual([expect.stringMatching(problem)]);
  });

  test("a join method that bot-join has not", () => {
    const problems = problemsOf(() => config(whole("").replace("github", "gihub")));
    expect(problems).toEqual([
      expect.stringMatching(/^line 5, column 16: join_method cannot be "gihub".*did you mean github\?$/),
    ]);
  });
});

describe("storage", () => {
  const storage = (value: string): string => whole("").replace("{type: memory}", value);

  test.each<[value: string, directory: string | undefined]>([
    ["{type: memory}", undefined],
    ["{type: directory, path: /var/lib/bot}", "/var/lib/bot"],
    ["{type: directory, path: bot, symlinks: secure, acls: try}", "/job/bot"],
    ["{directory: /var/lib/bot}", "/var/lib/bot"],
  ])("%s", (value, directory) => {
    expect(config(storage(value)).inputs["data-dir"]).toBe(directory);
  });

  test("without it a notice says that nothing is kept", () => {
    expect(config(whole("").replace("storage: {type: memory}\n", "")).notices).toEqual([
      expect.stringMatching(/^storage is not given: bot-join keeps nothing/),
    ]);
  });

  test("a Kubernetes secret is refused by name, with the reason", () => {
    expect(problemsOf(() => config(storage("{type: kubernetes_secret, name: x}")))).toEqual([
      expect.stringMatching(
        /^line 6, column 17: destinations of type kubernetes_secret are not possible: it belongs to bots that live/,
      ),
    ]);
  });
});

/** The outputs of a list in which each has a destination. */
function outputs(text: string): PlannedOutput[] {
  return parseOutputs(text, defaults, surroundings);
}

describe("outputs (outputs.md section 1.2)", () => {
  const destination = "destination: {type: directory, path: /out}";
  const base = {
    destination: { kind: "directory", path: "/out", symlinks: "try-secure" },
    roles: ["from-input"],
    credentialTtlMs: undefined,
    name: undefined,
    pkcs12: undefined,
  };

  test.each<[keys: string, effect: Record<string, unknown>]>([
    ["type: identity", { cluster: undefined, allowReissue: false, sshConfig: true }],
    ["type: identity, cluster: leaf.test", { cluster: "leaf.test" }],
    ["type: identity, ssh_config: off", { sshConfig: false }],
    ["type: identity, ssh_config: on", { sshConfig: true }],
    ["type: identity, allow_reissue: true", { allowReissue: true }],
    ["type: identity, roles: [a, b]", { roles: ["a", "b"] }],
    ["type: identity, name: shell", { name: "shell" }],
    ["type: identity, credential_ttl: 2h, renewal_interval: 1h", { credentialTtlMs: 7_200_000 }],
    ["type: ssh_host, principals: [web-1, web-1.test]", { principals: ["web-1", "web-1.test"] }],
    [
      "type: kubernetes, kubernetes_cluster: prod",
      {
        kubernetesCluster: "prod",
        disableExecPlugin: false,
        contextNameTemplate: "{{.ClusterName}}-{{.KubeName}}",
      },
    ],
    ["type: kubernetes, kubernetes_cluster: prod, disable_exec_plugin: true", { disableExecPlugin: true }],
    [
      "type: kubernetes, kubernetes_cluster: prod, context_name_template: '{{.KubeName}}'",
      { contextNameTemplate: "{{.KubeName}}" },
    ],
    [
      "type: kubernetes/v2, selectors: [{name: prod}, {labels: {env: dev}, default_namespace: web}]",
      { selectors: [{ name: "prod" }, { labels: { env: "dev" }, defaultNamespace: "web" }] },
    ],
    [
      "type: kubernetes/v2, selectors: [{name: prod}], disable_exec_plugin: true, context_name_template: x",
      { disableExecPlugin: true, contextNameTemplate: "x" },
    ],
    ["type: identity, allow_reissue: yes, roles: [1, on]", { allowReissue: true, roles: ["1", "on"] }],
    // As a file has it that was made by a program.
    ["type: identity, cluster: '', name: '', ssh_config: ''", { cluster: undefined, name: undefined }],
    ["type: application, app_name: grafana", { appName: "grafana", specificTlsNaming: false }],
    ["type: application, app_name: grafana, specific_tls_naming: true", { specificTlsNaming: true }],
    ["type: database, service: orders", { service: "orders", database: "", username: "", format: "" }],
    [
      "type: database, service: orders, database: main, username: ro, format: tls",
      { database: "main", username: "ro", format: "tls" },
    ],
    ["type: database, service: orders, format: mongo", { format: "mongo" }],
    ["type: database, service: orders, format: cockroach", { format: "cockroach" }],
    ["type: workload-identity-x509, selector: {name: web}", { selector: { name: "web" } }],
    [
      "type: workload-identity-x509, selector: {labels: {env: [dev, prod]}}, include_federated_trust_bundles: false",
      { selector: { labels: { env: ["dev", "prod"] } } },
    ],
    [
      "type: workload-identity-jwt, selector: {name: web}, audiences: [vault]",
      { selector: { name: "web" }, audiences: ["vault"] },
    ],
  ])("%s", (keys, effect) => {
    expect(outputs(`- {${keys}, ${destination}}`)).toEqual([expect.objectContaining({ ...base, ...effect })]);
  });

  test("pkcs12 takes its password from a variable", () => {
    const [output] = outputs(
      `- {type: application, app_name: x, pkcs12: {password_env: STORE_PASSWORD}, ${destination}}`,
    );
    expect(output?.pkcs12?.password.reveal()).toBe("changeit");
  });

  test.each<[keys: string, problem: string | RegExp]>([
    ["type: ssh_host", /at least one principal must be specified$/],
    ["type: kubernetes", /kubernetes_cluster must not be empty$/],
    ["type: kubernetes/v2", /at least one selector must be provided$/],
    ["type: kubernetes/v2, selectors: [{}]", /selectors: one of 'name' and 'labels' must be specified$/],
    [
      "type: kubernetes/v2, selectors: [{name: a, labels: {b: c}}]",
      /selectors: only one of 'name' and 'labels'/,
    ],
    [
      "type: kubernetes/v2, selectors: [{name: a}], roles: [b]",
      /roles cannot be used: certificates of this type/,
    ],
    ["type: kubernetes/v2, selectors: [{name: a}], relay_server: b", /relay_server cannot be used/],
    ["type: application", /app_name must not be empty$/],
    ["type: database", /service must not be empty$/],
    [
      "type: database, service: a, format: mogno",
      /format cannot be "mogno": it is one of tls, mongo, cockroach; did you mean mongo\?$/,
    ],
    ["type: workload-identity-x509", /selector is missing/],
    ["type: workload-identity-x509, selector: {name: a}, roles: [b]", /roles cannot be used/],
    ["type: workload-identity-jwt, selector: {name: a}", /at least one audience must be provided$/],
    ["type: identity, ssh_config: maybe", /ssh_config cannot be "maybe"/],
    ["type: identity, delegation_session_id: x", /delegation_session_id cannot be used/],
    ["type: identity, credential_ttl: 2h", /must both be specified if either is$/],
    [
      "type: identity, credential_ttl: 1h, renewal_interval: 2h",
      /renewal_interval must be below credential_ttl, 1h$/,
    ],
    ["type: identity, principals: [x]", /^line 1, column 20: unknown key "principals"/],
    ["type: identity, clusters: x", 'line 1, column 20: unknown key "clusters"; did you mean cluster?'],
    ["type: identity, roles: x", /roles must be a list of texts$/],
    ["type: identity, roles: [[x]]", /roles must be a list of texts$/],
    ["type: identity, allow_reissue: maybe", /allow_reissue must be true or false$/],
    [
      "type: identity, credential_ttl: 25h, renewal_interval: 1h",
      /^line 1, column \d\d: credential_ttl cannot be above 24h/,
    ],
    [
      "type: kubernetes, kubernetes_cluster: x, context_name_template: '{{.Foo}}'",
      /^line 1, column \d\d: The context_name_template "\{\{.Foo\}\}" has the action/,
    ],
    [
      "type: kubernetes/v2, selectors: [{name: ''}]",
      /selectors: one of 'name' and 'labels' must be specified$/,
    ],
    [
      "type: kubernetes/v2, selectors: [{labels: {}}]",
      /selectors: one of 'name' and 'labels' must be specified$/,
    ],
    [
      "type: workload-identity-x509, selector: {name: a}, include_federated_trust_bundles: true",
      /^line 1, column \d\d: include_federated_trust_bundles cannot be true/,
    ],
    ["type: identity, cluster: [x]", /cluster must be a text$/],
    ["type: identity, pkcs12: {password: x}", /pkcs12 needs password_env/],
    [
      "type: identity, pkcs12: {password_env: NOT_SET}",
      /the variable NOT_SET, which holds the password of pkcs12, is not set$/,
    ],
    ["type: idenity", /type cannot be "idenity".*did you mean identity\?$/],
  ])("%s is refused", (keys, problem) => {
    const problems = problemsOf(() => outputs(`- {${keys}, ${destination}}`));
    expect(problems[0]).toEqual(typeof problem === "string" ? problem : expect.stringMatching(problem));
  });

  test.each([
    "application-tunnel",
    "application-proxy",
    "database-tunnel",
    "ssh-multiplexer",
    "workload-identity-api",
    "spiffe-workload-api",
    "spiffe-svid",
    "workload-identity-aws-roles-anywhere",
    "kubernetes/argo-cd",
    "example",
  ])("%s is refused by name, with the reason", (type) => {
    expect(problemsOf(() => outputs(`- {type: ${type}, ${destination}}`))).toEqual([
      expect.stringMatching(
        new RegExp(`^line 1, column 10: outputs of type ${type} are not possible: .{20,}`),
      ),
    ]);
  });
});

describe("destinations (outputs.md section 8.1)", () => {
  test.each<[destination: string, planned: PlannedOutput["destination"]]>([
    ["{type: directory, path: /a}", { kind: "directory", path: "/a", symlinks: "try-secure" }],
    ["{path: out/a}", { kind: "directory", path: "/job/out/a", symlinks: "try-secure" }],
    [
      "{type: directory, path: /a, symlinks: insecure, acls: required}",
      { kind: "directory", path: "/a", symlinks: "insecure" },
    ],
    ["{type: directory, path: /a, symlinks: secure}", { kind: "directory", path: "/a", symlinks: "secure" }],
    ["{directory: /a}", { kind: "directory", path: "/a", symlinks: "try-secure" }],
    ["/a", { kind: "directory", path: "/a", symlinks: "try-secure" }],
    ["file:///a", { kind: "directory", path: "/a", symlinks: "try-secure" }],
    ["{type: memory}", { kind: "memory" }],
    ["memory://", { kind: "memory" }],
  ])("%s", (destination, planned) => {
    expect(
      outputs(
        `- {type: identity, destination: ${JSON.stringify(destination).startsWith('"{') ? destination : JSON.stringify(destination)}}`,
      )[0]?.destination,
    ).toEqual(planned);
  });

  test.each<[destination: string, problem: RegExp]>([
    ["{type: directory}", /destination path must not be empty$/],
    [
      "{type: kubernetes_secret, name: x}",
      /kubernetes_secret are not possible: it belongs to bots that live/,
    ],
    ["{type: disk, path: /a}", /unknown destination type "disk"/],
    ["{type: memory, path: /a}", /path cannot be used/],
    ["{path: /a, readers: [{user: x}]}", /readers cannot be used: bot-join sets no access control lists/],
    ["{path: /a, symlinks: never}", /symlinks cannot be "never"/],
    ["{path: /a, acls: maybe}", /acls cannot be "maybe"/],
    ["{path: /a, mode: 1}", /unknown key "mode"/],
    ["'kubernetes-secret:///x'", /kubernetes_secret are not possible/],
    ["'s3://bucket'", /destinations of the kind s3 are not possible/],
    ["'file://host/a'", /no URI of a local directory/],
    ["[a]", /a destination is a mapping/],
  ])("%s is refused", (destination, problem) => {
    expect(problemsOf(() => outputs(`- {type: identity, destination: ${destination}}`))).toEqual([
      expect.stringMatching(problem),
    ]);
  });
});

describe("texts that are no list of outputs", () => {
  test.each<[name: string, text: string, problem: RegExp]>([
    ["nothing", "", /^line 1, column 1: a list of outputs is wanted/],
    ["an empty list", "[]", /a list of outputs is wanted/],
    ["a mapping", "type: identity", /a list of outputs is wanted/],
    ["a tab", "- type: identity\n\tcluster: x", /^line 2, column 1: a tab: YAML is indented with spaces$/],
    [
      "two documents",
      "- type: identity\n---\n- type: identity",
      /^line 2, column 1: a second document begins here/,
    ],
    ["a key twice", "- {type: identity, type: database}", /unique/],
    ["a text in the list", "- identity", /an output is a mapping/],
    ["no type", "- {destination: /a}", /type is missing/],
    [
      "the second without a destination",
      "- type: identity\n- type: identity",
      /^line 2, column 3: no destination configured for output$/,
    ],
    [
      "one destination twice",
      "- {type: identity, destination: /a}\n- {type: identity, destination: /x/../a}",
      /^line 2, column 33: two outputs have the same destination \/a$/,
    ],
    [
      "one name twice",
      "- {type: identity, name: a, destination: /a}\n- {type: identity, name: a, destination: /b}",
      /two outputs have the name a$/,
    ],
    ["far too long", `# ${"x".repeat(300_000)}`, /it is longer than 256 KiB/],
  ])("%s", (_name, text, problem) => {
    const problems = problemsOf(() => outputs(text));
    expect(
      problems.some((each) => problem.test(each)),
      problems.join("\n"),
    ).toBe(true);
  });

  test("all problems come at once", () => {
    expect(problemsOf(() => outputs("- {type: database, formt: x}\n- {type: application}"))).toHaveLength(5);
  });
});

describe("files that are no tbot.yaml of version v2", () => {
  test.each<[name: string, text: string, problem: RegExp]>([
    ["v1", "version: v1\n", /tbot migrate/],
    ["no version", "auth_server: x\n", /tbot migrate/],
    ["a later version", "version: v3\n", /^line 1, column 10: unrecognized config version "v3"/],
    ["a list", "- a\n", /a tbot.yaml is a mapping/],
    ["nothing", "", /a tbot.yaml is a mapping/],
    ["two documents", "version: v2\n---\nversion: v2\n", /a second document begins here/],
  ])("%s", (_name, text, problem) => {
    expect(problemsOf(() => config(text))).toEqual([expect.stringMatching(problem)]);
  });

  test.each(["", "outputs: []\n", "outputs:\n"])(
    "no outputs (%j), which flags may give instead",
    (outputs) => {
      const read = config(`version: v2\nstorage: {type: memory}\n${outputs}`);
      expect(problemsOf(() => read.outputs(defaults))).toEqual([
        "line 1, column 1: there are no outputs: a join without any writes nothing",
      ]);
    },
  );

  test("empty texts and lists are not given", () => {
    const text = whole("auth_server: ''").replace(
      "join_method: github",
      "join_method: ''\n  ca_pins: []\n  ca_path: /x",
    );
    expect(config(text).inputs).toEqual({ proxy: "example.teleport.sh:443", token: "ci", "ca-file": "/x" });
  });

  test.each<[name: string, text: string]>([
    ["a key", "onboarding: {token:s3cret}"],
    ["what a quotation leaves over", 'token: "a" s3cret'],
    ["what a brace leaves over", "onboarding: {token: a}-s3cret, {s3cret: b}"],
    ["what should be a list", "onboarding: [token, s3cret]"],
  ])("a secret in the wrong place is not shown: %s", (_name, text) => {
    const problems = problemsOf(() => config(`version: v2\n${text}\n`));
    expect(problems).not.toEqual([]);
    expect(problems.join()).not.toContain("s3cret");
  });

  test.each<[name: string, line: (level: number) => string]>([
    ["merged mappings", (level) => `{<<: [${`*a${level}, `.repeat(9)}]}`],
    ["lists", (level) => `[${`*a${level}, `.repeat(9)}]`],
  ])("aliases that stand for ever more %s cost nothing", (_name, line) => {
    const levels = Array.from({ length: 12 }, (_, level) => `a${level + 1}: &a${level + 1} ${line(level)}`);
    const text = `a0: &a0 {x: y}\n${levels.join("\n")}\nversion: v2\noutputs: *a12\n<<: *a12\n`;
    expect(problemsOf(() => config(text)).length).toBeLessThanOrEqual(20);
  });

  test("an alias within what it stands for ends", () => {
    const text = whole("- &self\n  <<: *self\n  type: identity\n  destination: /b");
    expect(config(text).outputs(defaults)).toHaveLength(2);
  });

  test("thousands of aliases are read at once, and their problems said in twenty lines", () => {
    const text = `${whole("- &output {type: identity, destination: /b}")}${"- *output\n".repeat(20_000)}`;
    expect(problemsOf(() => config(text))).toEqual([
      expect.stringMatching(/two outputs have the same destination \/b$/),
    ]);
  });

  test("anchors and merge keys are followed", () => {
    const read = config(
      `${whole("")}- <<: &common {type: application, app_name: x}\n  destination: {path: /a}\n- <<: *common\n  app_name: y\n  destination: {path: /b}\n`,
    );
    expect(
      read.outputs(defaults).map((output) => (output.type === "application" ? output.appName : output.type)),
    ).toEqual(["identity", "x", "y"]);
  });

  test("a file that is not there", async () => {
    await expect(readTbotYaml("/not/there.yaml", surroundings)).rejects.toMatchObject({
      code: "ERR_RUN_FILE_INPUT",
    });
  });
});
