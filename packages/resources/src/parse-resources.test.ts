import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxTextLength } from "./documents.ts";
import { ResourceError } from "./errors.ts";
import { checkResources, parseResources } from "./parse-resources.ts";
import { readVector } from "./testing.ts";

function caught(text: string): ResourceError {
  try {
    parseResources(text, "file.yaml");
  } catch (error) {
    if (error instanceof ResourceError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const role = "kind: role\nversion: v6\nmetadata: {name: a}\n";

describe("parseResources", () => {
  it.each([
    ["resources-roles.yaml", ["role ssh-access", "role deploy-only"]],
    ["resources-bot-role.yaml", ["role bot-robot"]],
    ["resources-bot-user.yaml", ["user bot-robot"]],
    ["resources-tokens.yaml", ["gh", "ghcom", "gl", "circle", "space", "k8s"].map((name) => `token ${name}`)],
  ])("reads the recorded %s", (file, expected) => {
    expect(parseResources(readVector(file), file).map(({ kind, name }) => `${kind} ${name}`)).toEqual(
      expected,
    );
  });

  it("reads the recorded tokens as they are stored, expiry included", () => {
    const tokens = parseResources(readVector("resources-tokens-as-stored.yaml"), "tokens");
    expect(tokens[0]).toEqual({
      kind: "token",
      version: "v2",
      name: "21ed2cd0f458e92b094ae684a3ede7fc",
      labels: {},
      expires: new Date("2026-11-22T05:19:17.596Z"),
      roles: ["Bot"],
      botName: "robot",
      joinMethod: "token",
    });
    expect(tokens[3]).toMatchObject({
      joinMethod: "github",
      github: { allow: [{ repository: "acme/shop" }] },
    });
  });

  it("reads JSON, several documents and nothing", () => {
    const json = JSON.stringify({ kind: "role", version: "v6", metadata: { name: "b" } });
    expect(parseResources(`\ufeff${role}---\n${json}\n---\n# nothing\n---\n...\n`, "x")).toHaveLength(2);
    expect(parseResources("", "x")).toEqual([]);
  });

  it("names all problems at once, each with its place", () => {
    const error = caught(
      `kind: token
version: v2
metadata:
  name: t
  expires: tomorrow
  labels: {"a b": c}
spec:
  roles: [Node, Nod]
  bot_name: robot
  join_method: github
  github:
    enterprise_server_host: https://ghes
    allow:
    - ref: main
---
kind: rolle
`,
    );
    expect(error.code).toBe("ERR_RESOURCE_INVALID");
    expect(error.kind).toBe("user");
    expect(error.message.split("\n")).toEqual([
      "Reading resources from file.yaml: 7 problems.",
      'file.yaml:6:19: metadata.labels.a b: invalid label key: "a b"',
      "file.yaml:5:12: metadata.expires: must be an RFC 3339 time such as 2027-01-01T00:00:00Z",
      "file.yaml:8:17: spec.roles[1]: role Nod is not registered",
      'file.yaml:9:13: spec.bot_name: can only set bot_name on token with role "Bot"',
      'file.yaml:14:7: spec.github.allow[0]: allow rule for "github" must include at least one of "repository", "repository_owner" or "sub"',
      "file.yaml:12:29: spec.github.enterprise_server_host: 'spec.github.enterprise_server_host' should not contain the scheme or path",
      'file.yaml:16:7: kind: kind "rolle" is not known here; did you mean "role"?',
    ]);
  });

  it("lists at most 50 problems in its message and keeps all in its details", () => {
    const error = caught("a: b\n---\n".repeat(60));
    expect(error.message.split("\n")).toHaveLength(52);
    expect(error.message).toMatch(/60 problems[\s\S]*… and more$/);
    expect(error.details["problems"]).toHaveLength(60);
  });

  it.each([
    [
      "kind: zebra\n",
      'kind "zebra" is not known here; kinds are token, role, bot, user, kube_cluster, app, db, remote_cluster, workload_identity',
    ],
    [
      "kind: 3\n",
      "kind must be one of token, role, bot, user, kube_cluster, app, db, remote_cluster, workload_identity",
    ],
    [
      `kind: ${"k".repeat(1000)}\n`,
      "kind must be one of token, role, bot, user, kube_cluster, app, db, remote_cluster, workload_identity",
    ],
    [
      "name: a\n",
      "kind must be one of token, role, bot, user, kube_cluster, app, db, remote_cluster, workload_identity",
    ],
    ["- kind: role\n", "a document must be a mapping with kind, version, metadata and spec"],
    ["text", "a document must be a mapping with kind, version, metadata and spec"],
  ])("refuses %j", (text, message) => {
    expect(checkResources(text, "x").problems.map((problem) => problem.message)).toEqual([message]);
  });
});

describe("values of the wrong type", () => {
  it.each([
    [
      "metadata: {name: 1234567}",
      'must be text, found a number: put it in quotes (the server: ReadString: expects " or n, but found 1)',
    ],
    [
      "metadata: {name: true}",
      'must be text, found a boolean: put it in quotes (the server: ReadString: expects " or n, but found t)',
    ],
    ["metadata: {name: [a]}", "must be text, found a list"],
    ["metadata: [a]", "must be a mapping, found a list"],
    ["spec: [a]", "must be a mapping, found a list"],
    ["spec: {allow: []}", "must be a mapping, found a list"],
    ["spec: {allow: {rules: [[]]}}", "must be a mapping, found a list"],
    ["spec: {allow: {node_labels: []}}", "must be a mapping, found a list"],
    ["metadata: {name: a, labels: x}", "must be a mapping, found a string"],
    ["spec: {allow: {logins: root}}", "must be a list, found a string"],
    ["spec: {allow: {logins: {a: b}}}", "must be a list, found a mapping"],
    ["spec: {allow: {rules: [null]}}", "must be a mapping, found nothing"],
    ["spec: {allow: {node_labels: {a: 1}}}", "must be text or a list of texts, found a number"],
    ["spec: {options: {forward_agent: 1}}", "must be true or false, found a number"],
  ])("%s", (line, message) => {
    const { problems } = checkResources(`kind: role\nversion: v6\n${line}\n`, "x");
    expect(problems.map((problem) => problem.message)).toContain(message);
    expect(JSON.stringify(problems)).not.toContain("1234567");
  });

  it("reads null as absent, as the server's decoder does", () => {
    const text = `${role}spec: {options: null, allow: {logins: null, node_labels: {a: null}}, deny: null}\n`;
    expect(parseResources(text, "x")).toMatchObject([{ allow: { logins: [], nodeLabels: { a: [] } } }]);
    const token =
      "{kind: token, version: v2, metadata: {name: t}, spec: {roles: [Bot], bot_name: b, join_method: github, github: null}}";
    expect(caught(token).message).toContain(
      '"github" configuration must be provided for join method "github"',
    );
  });
});

describe("plain values mean what the server's reader takes them for (YAML 1.1)", () => {
  const taken = (written: string): string | undefined =>
    checkResources(`${role}spec: {allow: {logins: [${written}]}}\n`, "x").problems[0]?.message;

  it.each(["on", "off", "yes", "No", "y", "N", "TRUE"])("%s is a boolean", (written) => {
    expect(taken(written)).toContain("found a boolean");
  });

  it.each([
    "1",
    "012",
    "1_000",
    "0x1f",
    "0b1",
    "0o7",
    "1e3",
    "1.5",
    ".5",
    "1234567e89",
    "-1",
    "+1",
    ".inf",
    ".NaN",
    "08",
    "111111111111",
  ])("%s is a number", (written) => {
    expect(taken(written)).toContain("found a number");
  });

  it.each([
    "E0",
    "e12345",
    "1:20",
    "2027-01-01",
    "2027-01-01T00:00:00Z",
    "1e",
    "0xg",
    "yES",
    "1.2.3",
    "_1",
    "1234e567",
    "._5",
    "5e2ab3a1-0f1e-4c9d-8b7a-6f5e4d3c2b1a",
  ])("%s is text", (written) => {
    expect(taken(written)).toBeUndefined();
  });
});

describe("warnings", () => {
  it.each([
    [
      "spec: {alow: {}}",
      "4:8",
      "spec.alow",
      'unknown key "alow", which the server ignores silently; did you mean "allow"?',
    ],
    [
      "spec: {allow: {rules: [{verbs: [], x: 1}]}}",
      "4:36",
      "spec.allow.rules[0].x",
      'unknown key "x", which the server ignores silently',
    ],
    [`${"k".repeat(101)}: 1`, "4:1", "k".repeat(101), "unknown key, which the server ignores silently"],
    [
      "spec: {allow: {impersonate: {roles: [a], where: w}}}",
      "4:49",
      "spec.allow.impersonate.where",
      "a where predicate is not evaluated here: this condition grants nothing",
    ],
    [
      "spec: {deny: {impersonate: {roles: [a], where: w}}}",
      "4:48",
      "spec.deny.impersonate.where",
      "a where predicate is not evaluated here: this condition holds always",
    ],
  ])("%s", (line, place, path, message) => {
    const { warnings, resources } = checkResources(`${role}${line}\n`, "x");
    expect(resources).toHaveLength(1);
    expect(warnings).toEqual([
      { source: "x", line: Number(place.split(":")[0]), column: Number(place.split(":")[1]), path, message },
    ]);
  });

  it("are in the error's details when the documents are refused", () => {
    const error = caught("kind: role\nversion: v6\nmetadata: {name: ''}\nspecs: {}\n");
    expect(error.details["warnings"]).toMatchObject([{ path: "specs" }]);
    expect(error.message).toContain("1 problem.");
  });
});

describe("any text at all", () => {
  const key = fc.constantFrom(
    "kind",
    "version",
    "metadata",
    "spec",
    "name",
    "roles",
    "github",
    "allow",
    "options",
    "logins",
    "__proto__",
    "constructor",
    "join_method",
    "traits",
  );
  const leaf = fc.oneof(
    fc.constantFrom("token", "role", "bot", "user", "v2", "v7", "github", "Bot"),
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree")),
    ),
  }));
  const document = fc.record({
    kind: fc.constantFrom("token", "role", "bot", "user"),
    version: fc.constantFrom("v1", "v2", "v7"),
    metadata: tree,
    spec: tree,
  });

  it.each([
    ["noise", fc.string({ maxLength: 300 })],
    [
      "signs of YAML",
      fc.string({ unit: fc.constantFrom(..."{}[]&*!|>%@`:-?#,'\"\\\n\t ~<0a\u0000\ufeff"), maxLength: 60 }),
    ],
    ["documents of odd parts", document.map((value) => JSON.stringify(value))],
  ])("is read or refused, with places inside it: %s", (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const report = checkResources(text, "x");
        const lines = text.split("\n");
        for (const { line, column } of [...report.problems, ...report.warnings]) {
          expect(column).toBeGreaterThan(0);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? -1) + 1);
        }
        if (report.problems.length > 0) expect(() => parseResources(text, "x")).toThrow(ResourceError);
        expect(Object.hasOwn(Object.prototype, "kind")).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe("hostile text", () => {
  const levels = "bcdefgh".split("");
  const bomb = levels.map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefg"[i]}`).join(",")}]`);

  it.each([
    [
      "too long",
      "#".repeat(maxTextLength + 1),
      "ERR_RESOURCE_SIZE",
      "1:1",
      "characters, at most 4194304 are read",
    ],
    [
      "deep brackets",
      "[".repeat(maxTextLength),
      "ERR_RESOURCE_SYNTAX",
      "1:65",
      "nested deeper than 64 levels",
    ],
    ["deep braces", "{a: ".repeat(200_000), "ERR_RESOURCE_SYNTAX", "1:254", "nested deeper than 64 levels"],
    ["deep lists", "- ".repeat(500_000), "ERR_RESOURCE_SYNTAX", "1:128", "nested deeper than 64 levels"],
    [
      "aliases that grow",
      ["a: &a [x]", ...bomb].join("\n"),
      "ERR_RESOURCE_SYNTAX",
      "1:1",
      "Excessive alias count",
    ],
    ["an unknown alias", "kind: *role\n", "ERR_RESOURCE_SYNTAX", "1:1", "Unresolved alias"],
    ["a repeated key", "kind: role\nkind: token\n", "ERR_RESOURCE_SYNTAX", "2:1", "the key is there already"],
    ["a key that is a mapping", "{a: b}: c\n", "ERR_RESOURCE_SYNTAX", "1:1", "a key must be a plain value"],
    ["an alias as key", "a: &a b\n*a : c\n", "ERR_RESOURCE_SYNTAX", "2:1", "a key must be a plain value"],
    ["a tab", "kind:\n\trole\n", "ERR_RESOURCE_SYNTAX", "2:1", "Tabs are not allowed as indentation"],
    ["a wrong merge", "<<: 3\nkind: role\n", "ERR_RESOURCE_SYNTAX", "1:1", "Merge sources must be maps"],
  ])("%s", (_, text, code, place, message) => {
    const error = caught(text);
    expect(error.code).toBe(code);
    expect(error.message.split("\n")[1]).toContain(`file.yaml:${place}: `);
    expect(error.message.split("\n")[1]).toContain(message);
  });

  it.each([
    'kind: token\nmetadata: {name: "hunter2hunter2\\q"}\n',
    "metadata: {name: hunter2]hunter2}}\n",
    "&hunter2 *hunter2\n",
  ])("is not quoted: %j", (text) => {
    const error = caught(text);
    expect(error.message).not.toContain("hunter2");
    expect(JSON.stringify(error.details)).not.toContain("hunter2");
  });

  it("reads 20,000 keys without comparing each with each other", () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join("\n");
    expect(checkResources(`kind: role\n${text}`, "x").warnings).toHaveLength(20_000);
  });

  it("finds places through aliases and merges", () => {
    const text = `x: &x {kind: role, version: v6}
<<: *x
metadata: &m {name: a}
spec: &s
  allow: {logins: 1}
`;
    expect(checkResources(text, "x").problems).toMatchObject([{ line: 5, column: 19 }]);
    const aliased = "kind: role\nversion: v6\nmetadata: {name: a}\nspec: {allow: &a {logins: 1}, deny: *a}\n";
    expect(checkResources(aliased, "x").problems).toMatchObject([
      { line: 4, column: 27, path: "spec.allow.logins" },
      { line: 4, column: 27, path: "spec.deny.logins" },
    ]);
    const merged = "x: &x {metadata: {name: 1}}\nkind: role\nversion: v6\n<<: *x\n";
    expect(checkResources(merged, "x").problems).toMatchObject([
      { line: 1, column: 1, path: "metadata.name" },
    ]);
  });

  it("never lets __proto__ matter", () => {
    const text = `{"kind":"role","version":"v6","__proto__":{"kind":"token"},
      "metadata":{"name":"a","labels":{"__proto__":"x"}},
      "spec":{"__proto__":{"allow":{"logins":["root"]}},"allow":{"__proto__":{"logins":["root"]},"node_labels":{"__proto__":["x"]}}}}`;
    const { resources, problems } = checkResources(text, "x");
    expect(problems).toEqual([]);
    expect(resources).toMatchObject([{ labels: {}, allow: { logins: [], nodeLabels: {} } }]);
    expect(Object.getPrototypeOf(Object(resources[0]))).toBe(Object.prototype);
  });
});
