import { describe, expect, it } from "vitest";
import { checkResources, parseResources } from "../parse-resources.ts";
import { renderResource } from "../render-resource.ts";

function messages(text: string): string[] {
  return checkResources(text, "x").problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
  );
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const kubeconfig = `apiVersion: v1
kind: Config
current-context: b
contexts:
- {name: a, context: {cluster: other, user: u}}
- {name: b, context: {cluster: c, user: u}}
clusters:
- name: c
  cluster:
    server: https://10.0.0.1:6443/prefix
    certificate-authority-data: ${base64("CA")}
    tls-server-name: kubernetes
    insecure-skip-tls-verify: true
users:
- name: u
  user: {token: t, client-certificate-data: ${base64("CERT")}, client-key-data: ${base64("KEY")}}
`;

const documents = `kind: kube_cluster
version: v3
metadata: {name: kc, description: d, labels: {env: dev}}
spec: {kubeconfig: ${base64(kubeconfig)}}
---
kind: kube_cluster
version: v3
metadata: {name: bare}
---
kind: app
version: v3
metadata: {name: grafana, labels: {env: dev}}
spec: {uri: 'http://127.0.0.1:3999', public_addr: grafana.example.test, insecure_skip_verify: true}
---
kind: app
version: v3
metadata: {name: tcp}
spec: {uri: 'tcp://127.0.0.1:5'}
---
kind: db
version: v3
metadata: {name: pg, labels: {env: dev}}
spec: {protocol: postgres, uri: '127.0.0.1:5432', tls: {mode: verify-ca, ca_cert: PEM, server_name: pg.test}}
---
kind: db
version: v3
metadata: {name: mg}
spec: {protocol: mongodb, uri: 'mongodb://localhost:27017/?x=y'}
---
kind: remote_cluster
version: v3
metadata: {name: leaf.test}
spec: {nodes: [{hostname: db-1, addr: '127.0.0.1:22'}]}
status: {connection: online}
---
kind: workload_identity
version: v1
metadata: {name: w, labels: {team: shop}}
spec:
  rules:
    allow:
    - conditions:
      - {attribute: join.github.repository, eq: {value: acme/shop}}
      - {attribute: user.name, not_in: {values: [a, b]}}
  spiffe: {id: '/ci/{{ user.name }}', hint: h, x509: {dns_sans: [a.test], maximum_ttl: 30m}, jwt: {maximum_ttl: 1h}}
`;

describe("what is reached through a cluster", () => {
  it("is read", () => {
    expect(parseResources(documents, "x")).toEqual([
      {
        kind: "kube_cluster",
        version: "v3",
        name: "kc",
        description: "d",
        labels: { env: "dev" },
        kubeconfig,
        access: {
          server: "https://10.0.0.1:6443/prefix",
          insecureSkipVerify: true,
          authorityPem: "CA",
          serverName: "kubernetes",
          token: "t",
          clientCertificatePem: "CERT",
          clientKeyPem: "KEY",
        },
      },
      { kind: "kube_cluster", version: "v3", name: "bare", labels: {} },
      {
        kind: "app",
        version: "v3",
        name: "grafana",
        labels: { env: "dev" },
        uri: "http://127.0.0.1:3999",
        publicAddr: "grafana.example.test",
        insecureSkipVerify: true,
      },
      {
        kind: "app",
        version: "v3",
        name: "tcp",
        labels: {},
        uri: "tcp://127.0.0.1:5",
        insecureSkipVerify: false,
      },
      {
        kind: "db",
        version: "v3",
        name: "pg",
        labels: { env: "dev" },
        protocol: "postgres",
        uri: "127.0.0.1:5432",
        tls: { mode: "verify-ca", caCert: "PEM", serverName: "pg.test" },
      },
      {
        kind: "db",
        version: "v3",
        name: "mg",
        labels: {},
        protocol: "mongodb",
        uri: "mongodb://localhost:27017/?x=y",
        tls: { mode: "verify-full", caCert: "", serverName: "" },
      },
      {
        kind: "remote_cluster",
        version: "v3",
        name: "leaf.test",
        labels: {},
        nodes: [{ hostname: "db-1", addr: "127.0.0.1:22" }],
      },
      {
        kind: "workload_identity",
        version: "v1",
        name: "w",
        labels: { team: "shop" },
        allow: [
          [
            { attribute: "join.github.repository", operator: "eq", values: ["acme/shop"] },
            { attribute: "user.name", operator: "not_in", values: ["a", "b"] },
          ],
        ],
        spiffe: {
          id: "/ci/{{ user.name }}",
          hint: "h",
          dnsSans: ["a.test"],
          x509MaxTtlMs: 1_800_000,
          jwtMaxTtlMs: 3_600_000,
        },
      },
    ]);
  });

  it("is written and read back", () => {
    const resources = parseResources(documents, "x");
    expect(parseResources(renderResource(resources, "yaml"), "x", { stored: true })).toEqual(resources);
  });

  it("is warned of where a key is misspelt", () => {
    const text = "{kind: app, version: v3, metadata: {name: a}, spec: {uri: 'http://a', public_address: b}}";
    expect(checkResources(text, "x").warnings.map(({ message }) => message)).toEqual([
      'unknown key "public_address", which the server ignores silently; did you mean "public_addr"?',
    ]);
  });
});

describe("problems have their place", () => {
  it.each([
    [
      "{kind: app, version: v1, metadata: {name: A_b}, spec: {}}",
      [
        '1:22 version: app version "v1" is not supported, the version is v3',
        '1:43 metadata.name: application name "A_b" must be a lower case label of a host name',
        '1:55 spec.uri: missing app "A_b" URI',
      ],
    ],
    [
      "{kind: app, version: v3, metadata: {name: a}, spec: {uri: '127.0.0.1:1', public_addr: 'https://a'}}",
      [
        '1:59 spec.uri: "127.0.0.1:1" is not an address that starts with http://, https:// or tcp://',
        '1:87 spec.public_addr: "https://a" must be a host name, without scheme and port',
      ],
    ],
    [
      "{kind: db, version: v3, metadata: {name: 1db}, spec: {protocol: postgress, uri: localhost, tls: {mode: off}}}",
      [
        '1:104 spec.tls.mode: must be text, found a boolean: put it in quotes (the server: ReadString: expects " or n, but found f)',
      ],
    ],
    [
      "{kind: db, version: v3, metadata: {name: 1db}, spec: {protocol: pg, uri: localhost, tls: {mode: none}}}",
      [
        '1:42 metadata.name: database name "1db" must be letters, digits and hyphens, a letter first',
        '1:65 spec.protocol: unsupported database "1db" protocol "pg", supported are: [postgres cockroachdb mysql mongodb oracle redis sqlserver snowflake cassandra elasticsearch opensearch dynamodb clickhouse clickhouse-http spanner]',
        '1:74 spec.uri: "localhost" has no port: write host:port',
        '1:97 spec.tls.mode: "none" is none of verify-full, verify-ca, insecure',
      ],
    ],
    [
      "{kind: db, version: v3, metadata: {name: d}, spec: {protocol: mysql}}",
      ['1:52 spec.uri: database "d" URI is empty'],
    ],
    [
      "{kind: remote_cluster, version: v3, metadata: {}, spec: {nodes: [{addr: db}]}}",
      [
        "1:47 metadata.name: missing parameter Name",
        "1:66 spec.nodes[0]: a node needs a hostname",
        '1:73 spec.nodes[0].addr: "db" is not the host:port of an sshd',
      ],
    ],
    [
      "{kind: workload_identity, version: v1, metadata: {name: w}, spec: {rules: {allow: [{}, {expression: x}, {conditions: [{}, {attribute: a, eq: {value: b}, in: {values: [c]}}]}]}, spiffe: {id: x/, x509: {maximum_ttl: 1 h}}}}",
      [
        '1:191 spec.spiffe.id: "x/" is not the path of a SPIFFE ID: it starts with / and does not end with one',
        "1:84 spec.rules.allow[0]: a rule needs conditions",
        "1:101 spec.rules.allow[1].expression: an expression cannot be evaluated here: write conditions",
        "1:119 spec.rules.allow[2].conditions[0]: a condition needs an attribute",
        "1:119 spec.rules.allow[2].conditions[0]: a condition needs exactly one of eq, not_eq, in, not_in",
        "1:123 spec.rules.allow[2].conditions[1]: a condition needs exactly one of eq, not_eq, in, not_in",
        '1:215 spec.spiffe.x509.maximum_ttl: "1 h" is not a duration such as 8h or 1h30m',
      ],
    ],
  ])("%s", (text, expected) => {
    expect(messages(text)).toEqual(expected);
  });

  const withKubeconfig = (text: string): string =>
    `kind: kube_cluster\nversion: v3\nmetadata: {name: kc}\nspec:\n  kubeconfig: ${text}\n`;

  it.each([
    ["'not base64!'", "must be a kubeconfig in base64"],
    [base64("a: [\n"), "line 2 of the kubeconfig: "],
    [base64("kind: Config"), "the kubeconfig has no current-context"],
    [base64("current-context: b"), 'the kubeconfig\'s context "b" leads to no cluster with a server address'],
    [
      base64(kubeconfig.replace("token: t", "exec: {command: aws}, tokenFile: /x")),
      "the kubeconfig's tokenFile and exec cannot be used here: it must hold its data and a token itself",
    ],
  ])("of a kubeconfig: %s", (text, message) => {
    const [problem, ...others] = messages(withKubeconfig(text));
    expect(problem).toContain(`5:15 spec.kubeconfig: ${message}`);
    expect(others).toEqual([]);
  });
});
