import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTokenDocuments } from "./convert-token.ts";
import { checkToken, parseResources } from "./parse-resources.ts";
import { renderResource } from "./render-resource.ts";
import { documentWith, refusals } from "./testing/methods.ts";
import { decodeResourceText } from "./text-encoding.ts";

const messages = (text: string): string[] =>
  checkToken(text, "t.yaml").problems.map(({ message }) => message);
const places = (text: string): string[] =>
  checkToken(text, "t.yaml").problems.map(({ line, column }) => `${line}:${column}`);

const token = (rule: string, name = "ci"): string => `kind: token
version: v2
metadata:
  name: ${name}
spec:
  roles: [Bot]
  bot_name: b
  join_method: github
  github:
    allow:
    - ${rule}
`;

describe("documents that are no use", () => {
  it("of 10 MB are refused at once", () => {
    expect(messages(`${token("repository: a/b")}#${"x".repeat(10_000_000)}`)).toEqual([
      expect.stringContaining("at most 4194304 are read"),
    ]);
  });

  it("100 levels deep", () => {
    expect(messages(`${"- ".repeat(100)}a`)).toEqual(["nested deeper than 64 levels"]);
    expect(messages("[".repeat(100) + "]".repeat(100))).toEqual(["nested deeper than 64 levels"]);
    expect(messages(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`)).toEqual(["nested deeper than 64 levels"]);
  });

  it("whose aliases expand exponentially", () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) =>
        `l${i}: &l${i} [${
          i === 0
            ? "x"
            : Array(9)
                .fill(`*l${i - 1}`)
                .join(", ")
        }]`,
    );
    expect(messages(levels.join("\n"))).toEqual([expect.stringContaining("Excessive alias count")]);
  });

  it("with keys twice", () => {
    const text = token("repository: a/b\n      repository: c/d");
    expect(messages(text)).toEqual(["the key is there already"]);
    expect(places(text)).toEqual(["12:7"]);
    expect(messages('{"kind":"token","kind":"token"}')).toEqual(["the key is there already"]);
  });

  it("with tabs", () => {
    expect(messages("kind: token\nspec:\n\troles: [Bot]\n")).toEqual([
      expect.stringContaining("Tabs are not allowed"),
    ]);
  });

  it("without a version, as the Terraform reference's own examples are", () => {
    const { version: _, ...without } = documentWith("github", [{ repository: "a/b" }]);
    expect(refusals(without)).toEqual(["missing parameter Name"]);
  });
});

describe("encodings", () => {
  const text = token("repository: a/b");
  const bytes = (encoding: BufferEncoding, mark = ""): Uint8Array => Buffer.from(mark + text, encoding);
  const swapped = (from: Uint8Array): Uint8Array => Buffer.from(from).swap16();

  it("UTF-8 with and without a byte-order mark is read, places being right", () => {
    for (const mark of ["", "\ufeff"]) {
      const decoded = decodeResourceText(bytes("utf8", mark), "t.yaml");
      expect(checkToken(decoded, "t.yaml").resources).toHaveLength(1);
      expect(places(decoded.replace("repository: a/b", "ref: a"))).toEqual(["11:7"]);
    }
  });

  it.each([
    ["little-endian, marked", bytes("utf16le", "\ufeff")],
    ["little-endian", bytes("utf16le")],
    ["big-endian, marked", swapped(bytes("utf16le", "\ufeff"))],
    ["big-endian", swapped(bytes("utf16le"))],
  ])("UTF-16 is refused in words: %s", (_, encoded) => {
    expect(() => decodeResourceText(encoded, "t.yaml")).toThrow("the file is in UTF-16");
    // Also when somebody has read it as UTF-8 already.
    expect(messages(Buffer.from(encoded).toString("utf8"))).toEqual([expect.stringContaining("NUL")]);
  });

  it("bytes that are no UTF-8 are refused", () => {
    expect(() => decodeResourceText(Buffer.from([0x6b, 0xff, 0x41, 0x42]), "t.yaml")).toThrow(
      expect.objectContaining({
        code: "ERR_RESOURCE_SYNTAX",
        message: expect.stringContaining("not in UTF-8"),
      }),
    );
    expect(decodeResourceText(new Uint8Array(), "t.yaml")).toBe("");
  });
});

describe("values of another type than is meant", () => {
  it.each([
    ["workflow: 1", "found 1"],
    ["actor: 12345678", "found 1"],
    ["environment: on", "found a boolean"],
    ["sub: 1234567e89", "found a number"],
    ["repository: [a/b]", "found a list"],
    ["ref: {a: b}", "found a mapping"],
  ])("%s is refused with its place", (rule, message) => {
    const text = token(`repository_owner: a\n      ${rule}`);
    expect(messages(text)).toEqual([expect.stringContaining(message)]);
    expect(places(text)).toEqual([`12:${rule.indexOf(":") + 9}`]);
  });

  it("an unquoted number for a switch is refused", () => {
    const document = documentWith("gitlab", [{ project_path: "a/b", ref_protected: 1 }]);
    expect(refusals(document)).toEqual(["must be true or false, found a number"]);
  });

  it("a key that a later server gave another type does not trouble an older one", () => {
    const document = documentWith("github", [{ repository: "a/b" }], { static_jwks: { keys: [] } });
    expect(refusals(document, { serverVersion: "14.2.0" })).toEqual([]);
    expect(refusals(document)).toHaveLength(1);
  });
});

describe("__proto__", () => {
  it("is no way into a rule", () => {
    const text = `{"kind":"token","version":"v2","metadata":{"name":"t"},"spec":{"roles":["Bot"],"bot_name":"b","join_method":"github",
      "github":{"allow":[{"__proto__":{"repository":"a/b"},"ref":"refs/heads/x"}]},"__proto__":{"allow":[{"aws_account":"1"}]}}}`;
    const report = checkToken(text, "x");
    expect(report.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining("must include at least one"),
    ]);
    expect(report.warnings.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["spec.__proto__", "spec.github.allow[0].__proto__"]),
    );
    expect(Object.hasOwn(Object.prototype, "repository")).toBe(false);
  });
});

describe("the secret name of a token of method token", () => {
  const secret = "hunter2-hunter2-hunter2-XYZ";

  it.each([
    `{kind: token, version: v2, metadata: {name: ${secret}}, spec: {roles: [Nope]}}`,
    `{kind: token, version: v3, metadata: {name: ${secret}}, spec: {roles: [Bot]}}`,
    `{kind: token, metadata: {name: ${secret}}, spec: {roles: [Bot]}}`,
    `{kind: token, version: v2, metadata: {name: ${secret}}, spec: {roles: [Bot], alow: 1}}`,
    `{kind: token, version: v2, metadata: {name: ${secret}, expires: x}, spec: {roles: [Bot], allow: [{}]}}`,
    `{kind: token, version: v2, metadata: {name: [${secret}]}, spec: {roles: [Bot]}}`,
    `{kind: token, version: v2, metadata: {name: "${secret}\\q"}}`,
    `{kind: token, version: v2, metadata: {name: ${secret}}, metadata: {name: ${secret}}}`,
  ])("is in no message: %.60s", (text) => {
    const report = checkToken(text, "x", { now: new Date("2030-01-01T00:00:00Z") });
    expect(JSON.stringify([report.problems, report.warnings])).not.toContain("hunter2");
    try {
      parseResources(text, "x");
    } catch (error) {
      expect(`${String(error)}${JSON.stringify(error)}`).not.toContain("hunter2");
    }
  });
});

it("any text at all: never a crash, a conversion only of what is there", () => {
  const fragment = fc.constantFrom(
    "kind: token\n",
    "version: v2\n",
    "metadata: {name: a}\n",
    "spec:\n",
    "  roles: [Bot]\n",
    "  github: {allow: [",
    "]}\n",
    "---\n",
    "&a ",
    "*a",
    "<<: ",
    "? ",
    "\t",
    "\u0000",
    "\ufeff",
    "!!binary ",
    "{",
    "}",
    "\r\n",
    "values: {root_module: {resources: [{type: teleport_provision_token, values: {version: v2}}]}}\n",
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 14 }), (parts) => {
      const text = parts.join("");
      const report = checkToken(text, "x");
      const lines = text.split("\n");
      for (const { line, column } of [...report.problems, ...report.warnings]) {
        expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? -1) + 1);
      }
      if (report.resources.length > 0) expect(renderResource(report.resources, "yaml")).not.toBe("");
      try {
        readTokenDocuments(text, "x");
      } catch (error) {
        expect(error).toMatchObject({ name: "ResourceError" });
      }
    }),
    { numRuns: 1000 },
  );
});
