import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, type TestContext } from "vitest";
import { requireTool } from "../../../test/support/tools.ts";
import { convertToken, readTokenDocuments, type TokenForm } from "./convert-token.ts";
import { checkToken } from "./parse-resources.ts";
import { documentWith, samples } from "./testing/methods.ts";
import type { TokenDocument } from "./token-document.ts";

const documents = Object.keys(samples).map((method): [string, TokenDocument] => [
  method,
  documentWith(method, [samples[method]?.rule, samples[method]?.rule]) as unknown as TokenDocument,
]);

/** Evaluates resource blocks with Terraform itself and gives what `terraform show -json` would hold of each. */
function evaluateHcl(context: TestContext, blocks: string[]): unknown[] {
  const terraform = requireTool(context, "terraform");
  const folder = mkdtempSync(join(tmpdir(), "bot-join-hcl-"));
  try {
    // The provider is not at hand, so the attributes are taken as local values.
    const locals = blocks.map((block, index) =>
      block.replace(/^resource "[^"]*" "[^"]*" \{/, `v${index} = {`),
    );
    writeFileSync(join(folder, "main.tf"), `locals {\n${locals.join("\n")}\n}\n`);
    const names = blocks.map((_, index) => `local.v${index}`).join(", ");
    const run = spawnSync(terraform, ["console"], {
      cwd: folder,
      input: `jsonencode([${names}])\n`,
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(run.stderr);
    return JSON.parse(JSON.parse(run.stdout.trim())) as unknown[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes attributes as `terraform show -json` prints a state. */
function stateOf(attributes: unknown[]): string {
  const resources = attributes.map((values) => ({
    address: "teleport_provision_token.x",
    mode: "managed",
    type: "teleport_provision_token",
    name: "x",
    values: { id: "x", status: null, ...(values as object) },
  }));
  return JSON.stringify({
    format_version: "1.0",
    values: { root_module: { child_modules: [{ resources }] } },
  });
}

describe("there and back", () => {
  it.each(documents)("through YAML and JSON is the identity: %s", (_, document) => {
    for (const form of ["yaml", "json"] as const) {
      expect(readTokenDocuments(convertToken(document, form), "x")).toEqual([document]);
    }
  });

  it("through HCL, as Terraform reads it, is the identity", (context) => {
    const written = evaluateHcl(
      context,
      documents.map(([, document]) => convertToken(document, "hcl")),
    );
    const read = readTokenDocuments(stateOf(written), "state");
    expect(read).toEqual(documents.map(([, document]) => document));
    expect(read.map((document) => convertToken(document, "yaml"))).toEqual(
      documents.map(([, document]) => convertToken(document, "yaml")),
    );
  });

  const word = fc
    .oneof(
      fc.string({ maxLength: 10 }),
      fc.constantFrom(
        "on",
        "y",
        "null",
        "~",
        "1e3",
        "012",
        "0x1",
        "1:20",
        "2027-01-01",
        "$\u007ba}",
        "%{if}",
        "$$\u007b",
        "a: b",
        "- a",
        "#",
        "'",
        '"',
        "\\",
        "\t",
        "\n",
        "\u2028",
        "=",
        "<<",
        ".inf",
        "*a",
        "&a",
        "!a",
        "|",
        "@",
        "`",
        "é",
        "\u{1f600}",
        " a ",
        "true",
        "a #b",
      ),
    )
    .map((text) => Buffer.from(text).toString("utf8"));
  const label = fc.stringMatching(/^[a-z][a-z0-9/._-]{0,8}$/);
  const labelValues = fc.oneof(word, fc.array(word, { minLength: 2, maxLength: 3 }));
  const anyDocument = fc.record(
    {
      kind: fc.constant("token" as const),
      version: fc.constant("v2" as const),
      metadata: fc.record(
        {
          name: word,
          description: word,
          labels: fc.dictionary(label, word, { minKeys: 1 }),
          expires: fc.constant("2027-01-01T00:00:00Z"),
        },
        { requiredKeys: ["name"] },
      ),
      spec: fc.record(
        {
          roles: fc.array(word),
          bot_name: word,
          suggested_labels: fc.dictionary(label, labelValues, { minKeys: 1 }),
          gitlab: fc.record({
            allow: fc.array(fc.record({ ref: word, ref_protected: fc.boolean() }, { requiredKeys: [] })),
          }),
          bound_keypair: fc.record({ recovery: fc.record({ limit: fc.nat(), mode: word }) }),
          kubernetes: fc.record({ static_jwks: fc.record({ jwks: word }) }),
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
    },
    { noNullPrototype: true },
  );

  it("of any token is the identity in YAML and JSON", () => {
    fc.assert(
      fc.property(anyDocument, fc.constantFrom<TokenForm>("yaml", "json"), (document, form) => {
        expect(readTokenDocuments(convertToken(document, form), "x")).toEqual([document]);
      }),
      { numRuns: 500 },
    );
  });

  it("of any token is the identity in HCL, read by Terraform", (context) => {
    const sample = fc.sample(anyDocument, { numRuns: 150, seed: 4 });
    const written = evaluateHcl(
      context,
      sample.map((document) => convertToken(document, "hcl")),
    );
    const read = readTokenDocuments(stateOf(written), "state");
    expect(read.map((document) => JSON.parse(convertToken(document, "json")))).toEqual(
      sample.map((document) => JSON.parse(convertToken(document, "json"))),
    );
  });
});

describe("HCL", () => {
  it("is written as terraform fmt leaves it", (context) => {
    const terraform = requireTool(context, "terraform");
    for (const [, document] of documents) {
      const text = convertToken(document, "hcl");
      const run = spawnSync(terraform, ["fmt", "-"], { input: text, encoding: "utf8" });
      expect(run.stdout).toBe(text);
    }
  });

  it("is the block of the reference", () => {
    const document = documentWith("github", [{ repository: "a/b" }]) as unknown as TokenDocument;
    document.metadata["expires"] = "2027-01-01T01:30:00+01:30";
    document.spec["suggested_labels"] = { env: "prod" };
    expect(convertToken(document, "hcl")).toBe(`resource "teleport_provision_token" "a-token" {
  version = "v2"
  metadata = {
    name    = "a-token"
    expires = "2027-01-01T00:00:00Z"
  }
  spec = {
    roles       = ["Bot"]
    join_method = "github"
    bot_name    = "robot"
    suggested_labels = {
      env = ["prod"]
    }
    github = {
      allow = [
        {
          repository = "a/b"
        },
      ]
    }
  }
}
`);
  });

  it("does not show the secret of a token of method token in its label", () => {
    const document = {
      kind: "token",
      version: "v2",
      metadata: { name: "s3cret" },
      spec: { roles: ["Bot"] },
    } as const;
    expect(convertToken({ ...document, spec: { ...document.spec } }, "hcl")).toMatch(
      /^resource "\w+" "token" \{/,
    );
  });
});

describe("what the target cannot hold", () => {
  const base = documentWith("github", [{ repository: "a/b" }]) as unknown as TokenDocument;
  const changed = (change: (document: Record<string, Record<string, unknown>>) => void): TokenDocument => {
    const copy = structuredClone(base);
    change(copy as never);
    return copy;
  };
  const set = (part: string, key: string, value: unknown): TokenDocument =>
    changed((document) => Object.assign(document[part] ?? {}, { [key]: value }));

  it.each<[string, TokenForm, TokenDocument]>([
    ["metadata.namespace", "hcl", set("metadata", "namespace", "default")],
    ["metadata.revision", "hcl", set("metadata", "revision", "a")],
    ["metadata.id", "hcl", set("metadata", "id", 1)],
    ["metadata.expires", "hcl", set("metadata", "expires", "2027-01-01T00:00:00.5Z")],
    ["sub_kind", "hcl", changed((document) => Object.assign(document, { sub_kind: "x" }))],
    ["status", "hcl", changed((document) => Object.assign(document, { status: {} }))],
    ["metadata.name", "yaml", changed((document) => delete document["metadata"]?.["name"])],
    ["version", "yaml", changed((document) => delete (document as Record<string, unknown>)["version"])],
    ["spec.zebra", "json", set("spec", "zebra", 1)],
    ["spec.bot_name", "json", set("spec", "bot_name", 1)],
    ["spec.roles", "yaml", set("spec", "roles", "Bot")],
    [
      "spec.gitlab.allow[0].ref_protected",
      "hcl",
      set("spec", "gitlab", { allow: [{ ref_protected: "zzz" }] }),
    ],
    ["spec.github.allow", "hcl", set("spec", "github", { allow: {} })],
    ["spec.suggested_labels", "hcl", set("spec", "suggested_labels", { a: 1 })],
    ["metadata.labels", "hcl", set("metadata", "labels", { a: 1 })],
    [
      "spec.kubernetes.oidc.insecure_allow_http_issuer",
      "hcl",
      set("spec", "kubernetes", { oidc: { insecure_allow_http_issuer: "yes" } }),
    ],
    ["spec.bound_keypair.recovery.limit", "hcl", set("spec", "bound_keypair", { recovery: { limit: "1" } })],
  ])("is named: %s in %s", (key, form, document) => {
    expect(() => convertToken(document, form)).toThrow(
      expect.objectContaining({ code: "ERR_RESOURCE_CONVERT", details: { key, to: form } }),
    );
  });
});

describe("Terraform's JSON", () => {
  const values = {
    version: "v2",
    metadata: { name: "ci", labels: null },
    spec: {
      roles: ["Bot"],
      join_method: "github",
      bot_name: "b",
      github: { allow: [{ ref: "x", sub: null }] },
    },
  };
  const plan = JSON.stringify(
    {
      planned_values: {
        root_module: {
          resources: [
            { type: "other", values: {} },
            { mode: "data", type: "teleport_provision_token", values },
            { mode: "managed", type: "teleport_provision_token", values },
          ],
        },
      },
    },
    undefined,
    1,
  );

  it("is checked with places in it", () => {
    const { problems } = checkToken(plan, "plan.json");
    const path = "planned_values.root_module.resources[2].values.spec.github.allow[0]";
    const line = plan.split("\n").findLastIndex((each) => each.includes('"ref": "x"'));
    expect(problems).toMatchObject([{ path, line, column: 10 }]);
  });

  it("without a version is refused, as published examples are", () => {
    const { version: _, ...without } = values;
    const report = checkToken(stateOf([without]), "state.json");
    expect(report.problems).toMatchObject([{ message: "missing parameter Name" }]);
    expect(report.warnings.map(({ message }) => message).join()).toContain("version: v2");
  });

  it.each([
    ["kind: role\nversion: v6\nmetadata: {name: a}\n", "ERR_RESOURCE_INVALID"],
    ["{", "ERR_RESOURCE_SYNTAX"],
    ['{"values": {}}', "ERR_RESOURCE_INVALID"],
    ['{"values": {"root_module": {"resources": 1, "child_modules": [null]}}}', "ERR_RESOURCE_INVALID"],
  ])("without tokens is an error: %s", (text, code) => {
    expect(() => readTokenDocuments(text, "x")).toThrow(expect.objectContaining({ code }));
  });
});
