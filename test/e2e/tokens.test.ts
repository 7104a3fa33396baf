import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PlatformJoinMethod, platformClaims, platforms } from "@bot-join/emulator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Block, blocksOf, pages, root } from "../docs/pages.ts";
import { runBlock } from "../docs/shell.ts";
import { type BundleResult, runBundle } from "../support/run-bundle.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const secretName = "5ecre7aa5ecre7bb5ecre7cc5ecre7dd";

let folder: TempDir;

beforeAll(() => {
  folder = tempDir();
});

afterAll(() => folder[Symbol.dispose]());

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder.path, name), content);
  return name;
}

async function tokens(...args: string[]): Promise<BundleResult> {
  const result = await runBundle("bot-join.cjs", { args: ["tokens", ...args], env: {}, cwd: folder.path });
  // Whatever happens, it is foreseen, and it comes to an end.
  expect(result.signal).toBeNull();
  expect(`${result.stdout}${result.stderr}`).not.toMatch(/defect of bot-join|^\s+at .*:\d+:\d+/m);
  expect(`${result.stdout}${result.stderr}`).not.toContain(secretName);
  return result;
}

function json(result: BundleResult): never {
  return JSON.parse(result.stdout) as never;
}

const good = `kind: token
version: v2
metadata: {name: ci-deploy}
spec:
  roles: [Bot]
  bot_name: ci-deploy
  join_method: github
  github:
    allow:
    - {repository: octo-org/other}
    - {repository: octo-org/shop, ref: refs/heads/main}
`;
const doubtful = good.replace("repository: octo-org/other", "repository: octo-org/other, enviroment: x");
const refused = good.replace("bot_name: ci-deploy", "bot_nam: ci-deploy");
const secret = `{kind: token, version: v2, metadata: {name: ${secretName}}, spec: {roles: [Bot], bot_name: x, join_method: token}}\n`;
const claims = {
  iss: "https://token.actions.githubusercontent.com",
  aud: "teleport.cluster.local",
  repository: "octo-org/shop",
  ref: "refs/heads/main",
};

function jwt(payload: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(payload)}.c2lnbmF0dXJl`;
}

describe("docs/tokens.md", () => {
  const [page = { path: "", text: "" }] = pages().filter(({ path }) => path === "docs/tokens.md");
  const blocks = blocksOf(page);
  const refusing = ["draft.json", "--strict - <", "--token-file token.yaml"];

  beforeAll(() => {
    for (const [, name = "", text = ""] of page.text.matchAll(
      /`([\w.-]+\.(?:yaml|json))`[^`\n]*:\n\n```(?:yaml|json)\n([\s\S]*?)^```$/gm,
    )) {
      write(name, text);
    }
  });

  test.each(blocks.filter(({ language }) => language === "sh"))(
    "line $line prints what is below it",
    async (block) => {
      const shell = { cwd: folder.path, env: {}, substitutions: [] };
      const { status, stdout, stderr } = await runBlock(block.text, shell);
      expect(stderr).toBe("");
      expect(status, stdout).toBe(refusing.some((part) => block.text.includes(part)) ? 1 : 0);
      const next: Block | undefined = blocks[blocks.indexOf(block) + 1];
      if (next?.language === "text") expect(stdout).toBe(next.text);
    },
  );

  test.each(["token.yaml", "draft.json", "state.json"])(
    "%s comes back as it was from every form",
    async (name) => {
      const first = await tokens("convert", "--to", "yaml", name);
      if (name === "draft.json") {
        expect(first).toMatchObject({ status: 2, stdout: "" });
        expect(first.stderr).toContain("spec.github.allow[1].enviroment is no key of a token");
        return;
      }
      const asJson = await tokens("convert", "--to", "json", write("there.yaml", first.stdout));
      const back = await tokens("convert", "--to", "yaml", write("there.json", asJson.stdout));
      expect(back.stdout).toBe(first.stdout);
      const { kind: _kind, ...values } = json(asJson) as Record<string, unknown>;
      const state = {
        values: {
          root_module: { resources: [{ type: "teleport_provision_token", mode: "managed", values }] },
        },
      };
      const fromTerraform = await tokens(
        "convert",
        "--to",
        "yaml",
        write("there.tf.json", JSON.stringify(state)),
      );
      expect(fromTerraform.stdout).toBe(first.stdout);
    },
  );
});

test("several tokens come back from YAML and JSON as they were, other documents are left out and named", async () => {
  const text = `${readFileSync(join(root, "test/vectors/resources/resources-tokens.yaml"), "utf8")}\n---\n{kind: role, version: v7, metadata: {name: r}}\n`;
  const first = await tokens("convert", "--to", "yaml", write("many.yaml", text));
  expect(first.status, first.stderr).toBe(0);
  expect(first.stderr).toMatch(/kind role was left out/);
  const asJson = await tokens("convert", "--to", "json", write("many-there.yaml", first.stdout));
  const back = await tokens("convert", "--to", "yaml", write("many-there.json", asJson.stdout));
  expect(back.stdout).toBe(first.stdout);
  expect(first.stdout.split("---\n").length).toBeGreaterThan(5);
});

describe("tokens check", () => {
  test.for([
    ["fine", [good], [], 0, /^1 token fine, 0 errors, 0 warnings$/m],
    [
      "with a warning",
      [doubtful],
      [],
      0,
      /:10:\d+\s+warning\s+spec\.github\.allow\[0\]\.enviroment .*"environment"/,
    ],
    ["with a warning, strictly", [doubtful], ["--strict"], 1, /1 warning$/m],
    ["refused", [refused], [], 1, /error\s+spec\.bot_name\s+token with role "Bot" must set bot_name/],
    ["fine and refused", [good, refused], [], 1, /1 token fine, 1 error/],
    ["refused and unusable", [refused, "a: [", good], [], 2, /1 file unusable$/m],
    ["an older server", [good.replaceAll("github", "env0")], ["--server-version=14.2.0"], 1, /error/],
    [
      "no token at all",
      ["{kind: role, version: v7, metadata: {name: r}}"],
      [],
      2,
      /holds no provision token/,
    ],
    [
      "a record that servers write",
      ["{kind: bot_instance, version: v1}"],
      [],
      1,
      /"bot_instance" is not supported/,
    ],
    [
      "steering signs",
      [good.replace("ci-deploy}", '"a\\e[2J\\u202eb"}')],
      [],
      0,
      /^a\\u\{001b\}\[2J\\u\{202e\}b /m,
    ],
  ] as const)("%s", async ([, texts, flags, status, said]) => {
    const files = texts.map((text, index) => write(`check-${index}.yaml`, text));
    const result = await tokens("check", ...flags, ...files);
    expect(result.stdout).toMatch(said);
    expect(result.status).toBe(status);
    const asJson = await tokens("check", "--format=json", ...flags, ...files);
    expect(json(asJson)).toMatchObject({ status, files: files.map((file) => ({ file })) });
    expect(asJson.status).toBe(status);
  });

  test.for([
    [["check"], /missing required argument 'files'/],
    [["check", "--stric", "x"], /unknown option '--stric'/],
    [["check", "--format=xml", "x"], /Allowed choices are text, json/],
    [["check", "--server-version=new", "good.yaml"], /ERR_RESOURCE_SERVER_VERSION/],
    [["chekc"], /Did you mean check\?/],
    [[], /Usage: bot-join tokens/],
    [["convert", "good.yaml"], /--to/],
    [["convert", "--to=hcl", "none.yaml"], /ERR_CLI_FILE/],
    [["explain", "--token-file=good.yaml"], /neither --id-token-file nor --claims/],
    [["explain", "--token-file=good.yaml", "--claims=a", "--id-token-file=b"], /both given/],
    [["explain", "--token-file=two.yaml", "--claims=claims.json"], /ERR_CLI_TOKEN/],
    [["explain", "--token-file=two.yaml", "--token=zz", "--claims=claims.json"], /none of them of that name/],
    [["explain", "--token-file=secret.yaml", "--claims=claims.json"], /ERR_RESOURCE_METHOD/],
    [["explain", "--token-file=refused.yaml", "--claims=claims.json"], /refused\.yaml:5:3: spec\.bot_name/],
    [
      ["suggest", "--claims=claims.json", "--breadth=galaxy"],
      /Ask for one of environment, pull-request, ref/,
    ],
    [["suggest", "--claims=nobody.json"], /ERR_CLI_CLAIMS[\s\S]*/],
    [["suggest", "--claims=id.jwt"], /Give it with --id-token-file/],
    [["suggest", "--id-token-file=claims.json"], /no JSON Web Token/],
  ] as const)("an unusable call: tokens %s", async ([args, said]) => {
    write("good.yaml", good);
    write("refused.yaml", refused);
    write("secret.yaml", secret);
    write("two.yaml", `${good}---\n${good.replace("name: ci", "name: other")}---\n${secret}`);
    write("claims.json", JSON.stringify(claims));
    write("nobody.json", '{"iss": "https://issuer.example.com", "sub": "x"}');
    write("id.jwt", jwt(claims));
    const result = await tokens(...args);
    expect(result.stderr).toMatch(said);
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status: 2, stdout: "" });
  });
});

describe("bad input", () => {
  const deep = (levels: number): string => `{kind: token, x: ${"[".repeat(levels)}${"]".repeat(levels)}}`;
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
    .split("")
    .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${"abcdefghi"[index]}`).join(",")}]\n`)
    .join("")}kind: token\n`;

  test.for<[string, string | Uint8Array, number, RegExp]>([
    ["10 MB", `${good}# ${"x".repeat(10_000_000)}\n`, 2, /:1:1 .*at most \d+ are read/],
    ["20 MB", "x".repeat(20_000_000), 2, /is larger than 16 MiB/],
    ["100 levels", deep(100), 2, /:1:\d+ .*nested deeper/],
    ["10,000 levels", deep(10_000), 2, /:1:\d+ .*nested deeper/],
    ["aliases that explode", bomb, 2, /:\d+:\d+ .*alias/i],
    [
      "a key twice",
      good.replace("version: v2", "version: v2\nversion: v2"),
      2,
      /:3:1 .*the key is there already/,
    ],
    ["a tab", good.replace("  roles", "\troles"), 2, /:5:1 .*[Tt]ab/],
    ["a byte-order mark", `\ufeff${good}`, 0, /1 token fine/],
    ["UTF-16, little end first", Buffer.from(`\ufeff${good}`, "utf16le"), 2, /in UTF-16/],
    ["UTF-16, big end first", Buffer.from(`\ufeff${good}`, "utf16le").swap16(), 2, /in UTF-16/],
    ["UTF-16 without a mark", Buffer.from(good, "utf16le"), 2, /in UTF-16/],
    ["Latin-1", Buffer.from(`# caf\u00e9\n${good}`, "latin1"), 2, /not in UTF-8/],
    ["a NUL", `${good}\0`, 2, /:12:1 .*NUL/],
    ["nothing", "", 2, /holds no provision token/],
    ["no version", good.replace("version: v2\n", ""), 1, /warning +there is no version/],
    [
      "a number for a text",
      good.replace("octo-org/other", "12"),
      1,
      /:10:\d+ .*error .*allow\[0\]\.repository/,
    ],
    ["a list for a mapping", good.replace(/spec:[\s\S]*/, "spec: [1]\n"), 1, /error\s+spec/],
    [
      "__proto__ as a key",
      good.replace("spec:\n", "spec:\n  __proto__: {roles: [Bot]}\n"),
      0,
      /warning\s+spec\.__proto__/,
    ],
    ["__proto__ for everything", "__proto__: {kind: token}\n", 1, /error\s+kind/],
    ["an array in JSON", `[${JSON.stringify(parse(good))}]`, 1, /must be a mapping/],
  ])("%s", async ([, text, status, said]) => {
    const file = write("bad.yaml", text);
    const result = await tokens("check", file);
    expect(result.stdout).toMatch(said);
    expect(result.status, result.stdout).toBe(status);
    // What cannot be checked is neither converted nor explained.
    if (status === 2) expect((await tokens("convert", "--to=json", file)).status).toBe(2);
    const explained = await tokens(
      "explain",
      "--token-file",
      file,
      "--claims",
      write("c.json", JSON.stringify(claims)),
    );
    expect(explained.status).toBe(status === 0 ? 0 : 2);
  });

  test("a thousand mistakes: the table stays readable, JSON has all", async () => {
    const documents = Array.from({ length: 1000 }, () => "{kind: tokn}\n").join("---\n");
    const file = write("bad.yaml", documents);
    const text = await tokens("check", file);
    expect(text.stdout).toMatch(/^… and 800 more[\s\S]*1000 errors/m);
    const { files } = json(await tokens("check", "--format=json", file)) as { files: { errors: object[] }[] };
    expect(files[0]?.errors[999]).toEqual({
      line: 1999,
      column: 8,
      path: "kind",
      message: expect.stringContaining('did you mean "token"?'),
    });
  });

  test("a folder, and a file that is not there", async () => {
    mkdirSync(join(folder.path, "sub"), { recursive: true });
    for (const name of ["sub", "none.yaml"]) {
      const result = await tokens("check", name);
      expect(result).toMatchObject({ status: 2 });
      expect(result.stdout).toContain(`${name} cannot be read`);
    }
  });

  test.for<[string, string, number, RegExp]>([
    [
      "a number where text is meant",
      '{"repository": 12}',
      1,
      /claim "repository" must be text, found a number/,
    ],
    ["a nested claim", '{"repository": {"name": "octo-org/shop"}}', 1, /must be text, found an object/],
    ["no claim", "{}", 1, /No claim of it is one/],
    ["null", '{"repository": null, "ref": null}', 1, /\(no such claim\)/],
    ["__proto__", '{"__proto__": {"repository": "octo-org/shop", "ref": "refs/heads/main"}}', 1, /refuses/],
    [
      "numbers that no rule looks at",
      JSON.stringify({ ...claims, run_number: "1", exp: 1e300, nbf: "x" }),
      0,
      /lets this/,
    ],
    ["another issuer", JSON.stringify({ ...claims, iss: "https://gitlab.com" }), 1, /issuer .*NO/],
    ["another audience", JSON.stringify({ ...claims, aud: ["a", "b"] }), 1, /audience .*a, b +NO/],
    ["a byte-order mark", `\ufeff${JSON.stringify(claims)}`, 0, /lets this/],
    ["a list", "[1]", 2, /no object of claims/],
    ["a text", '"x"', 2, /no object of claims/],
    ["no JSON", "repository: octo-org/shop", 2, /holds no JSON/],
    ["too deep", `{"a": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 1, /refuses/],
  ])("claims: %s", async ([, text, status, said]) => {
    const args = ["explain", "--token-file", write("t.yaml", good), "--claims", write("c.json", text)];
    const result = await tokens(...args);
    expect(`${result.stdout}${result.stderr}`).toMatch(said);
    expect(result.status).toBe(status);
  });
});

describe("tokens explain", () => {
  test("the trace, by rule, field, wanted and found, the same in text and JSON", async () => {
    const file = write("t.yaml", doubtful);
    const idToken = jwt({ ...claims, ref: "refs/heads/dev", exp: 1_767_225_900 });
    const args = ["explain", "--token-file", file, "--id-token-file", write("id.jwt", `${idToken}\n`)];
    const text = await tokens(...args);
    expect(text.status).toBe(1);
    expect(text.stdout).toMatch(/^Rule spec\.github\.allow\[1\] does not match:$/m);
    expect(text.stdout).toMatch(/^ {2}ref +refs\/heads\/main +refs\/heads\/dev +NO$/m);
    expect(text.stdout).toContain("The server's answer is: id token claims did not match any allow rules");
    expect(text.stdout).toContain('Nearest is spec.github.allow[0]: repository is "octo-org/shop"');
    expect(text.stdout).toMatch(/- repository: octo-org\/shop\n +ref: refs\/heads\/dev\n/);
    expect(text.stdout).toMatch(/this ID token ended at 2026-01-01T00:05:00/);
    expect(text.stdout).toMatch(/^Doubtful: t\.yaml:10:.*"environment"/m);
    expect(`${text.stdout}${text.stderr}`).not.toContain(idToken.split(".")[1]);
    const field = (name: string, wanted: string, found: string) => ({
      field: name,
      wanted,
      found,
      matched: wanted === found,
    });
    expect(json(await tokens(...args, "--format=json"))).toMatchObject({
      let_in: false,
      token: { name: "ci-deploy", join_method: "github", bot_name: "ci-deploy" },
      rules: [
        { index: 0, matched: false, fields: [field("repository", "octo-org/other", "octo-org/shop")] },
        {
          index: 1,
          matched: false,
          fields: [
            field("repository", "octo-org/shop", "octo-org/shop"),
            field("ref", "refs/heads/main", "refs/heads/dev"),
          ],
        },
      ],
      answer: "id token claims did not match any allow rules",
      suggested_rule: { repository: "octo-org/shop", ref: "refs/heads/dev" },
    });
  });

  test.for([
    [
      "an expired token",
      good.replace("ci-deploy}", 'ci-deploy, expires: "2020-01-01T00:00:00Z"}'),
      /expires has passed/,
    ],
    [
      "a token for nodes",
      good.replace("[Bot]", "[Node]").replace("  bot_name: ci-deploy\n", ""),
      /roles are \[Bot\]/,
    ],
    ["another case", good.replace("octo-org/shop", "Octo-Org/Shop"), /NO, other case/],
  ] as const)("%s is why", async ([, text, said]) => {
    const file = write("t.yaml", text);
    const result = await tokens(
      "explain",
      "--token-file",
      file,
      "--claims",
      write("c.json", JSON.stringify(claims)),
    );
    expect(result.stdout).toMatch(said);
    expect(result.status).toBe(1);
  });

  test("of a thousand rules only the nearest are shown, and JSON has all", async () => {
    const rules = Array.from({ length: 1000 }, (_, index) => `    - {repository: octo-org/r${index}}\n`).join(
      "",
    );
    const file = write("t.yaml", good.replace(/ {4}- [\s\S]*/, rules));
    const args = ["explain", "--token-file", file, "--claims", write("c.json", JSON.stringify(claims))];
    expect((await tokens(...args)).stdout).toMatch(/… and 990 rules more/);
    const { rules: all } = json(await tokens(...args, "--format=json")) as { rules: unknown[] };
    expect(all.length).toBe(1000);
  });
});

describe.each(Object.keys(platforms) as PlatformJoinMethod[])("tokens suggest for %s", (method) => {
  test("is found by the issuer, lets its own claims in, and nobody else's", async () => {
    const sample = { iss: platforms[method].issuer, ...platformClaims(method) };
    const file = write("c.json", JSON.stringify(sample));
    const suggested = await tokens("suggest", "--claims", file, "--bot-name=b", "--format=json");
    expect(suggested.status, suggested.stderr).toBe(0);
    const { document, claims: named } = json(suggested) as {
      document: { spec: { join_method: string } };
      claims: string[];
    };
    expect(document.spec.join_method).toBe(method);
    const text = await tokens("suggest", "--claims", file, "--bot-name=b");
    expect(parse(text.stdout)).toEqual(document);
    expect((await tokens("check", write("t.yaml", text.stdout))).status).toBe(0);
    expect((await tokens("explain", "--token-file=t.yaml", "--claims", file)).status).toBe(0);
    expect(named.length).toBeGreaterThan(0);
    const others = JSON.parse(JSON.stringify(sample), (key, value) =>
      typeof value === "string" && key !== "iss" && key !== "aud" ? `${value}x` : value,
    ) as object;
    const refusal = await tokens(
      "explain",
      "--token-file=t.yaml",
      "--claims",
      write("o.json", JSON.stringify(others)),
    );
    expect(refusal.status, refusal.stdout).toBe(1);
  });
});

test("the secret name of a token is nowhere, whatever is wrong with its document", async () => {
  const broken = [
    secret,
    secret.replace("bot_name: x, ", ""),
    secret.replace("v2", "v3"),
    secret.replace("spec:", "spec"),
    secret.replace(secretName, `&a ${secretName}`),
    secret.replace("metadata: {", `metadata: {${secretName}: 1, `).replace(`{${secretName}: 1`, "{x: 1"),
    `${secret}---\n${secret}`,
    `${secret}${secret}`,
    secret.replace("join_method: token", "join_method: tokne"),
    secret.replace(secretName, `[${secretName}]`),
    `{"values": {"root_module": {"resources": [{"type": "teleport_provision_token", "values": {"version": "v2", "metadata": {"name": "${secretName}"}, "spec": {"roles": ["Bot"], "join_method": "token", "bot_name": "x"}}}]}}}`,
  ];
  for (const text of broken) {
    const file = write("secret.yaml", text);
    // That the name is not in the output is what `tokens` looks at.
    await tokens("check", file);
    await tokens("check", "--format=json", file);
    await tokens("explain", "--token-file", file, "--claims", write("c.json", JSON.stringify(claims)));
  }
  const shown = await tokens("check", write("secret.yaml", secret));
  expect(shown.stdout).toContain(`${"*".repeat(24)}${secretName.slice(24)}  token`);
});

test("tokens schema is a JSON Schema", async () => {
  const result = await tokens("schema");
  expect(result.status).toBe(0);
  expect(json(result)).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    properties: { kind: { const: "token" }, spec: { properties: { github: {}, bound_keypair: {} } } },
  });
});
