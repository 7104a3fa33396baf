import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inputTable } from "@bot-join/runner";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { createPackContext } from "../../scripts/pack/context.ts";
import { packGitlab } from "../../scripts/pack/gitlab.ts";
import { tempDir } from "../support/temp-dir.ts";
import { requireTool, runTool } from "../support/tools.ts";
import { root } from "./platforms/platform-job.ts";

interface Input {
  type: string;
  description: string;
  default?: unknown;
  regex?: string;
}

/** Keywords that a component must leave to the pipeline that includes it. */
const globalKeywords = [
  "default",
  "image",
  "services",
  "stages",
  "variables",
  "workflow",
  "include",
  "cache",
];

let files: ReadonlyMap<string, string | Uint8Array>;
let template: string;
let inputs: Record<string, Input>;
let jobs: Record<string, { before_script?: string[]; after_script?: string[] }>;

function packed(name: string): string {
  return String(files.get(name));
}

beforeAll(async () => {
  const programs = new Map(["bot-join.cjs", "ssh-proxy.cjs"].map((name) => [name, Buffer.from(name)]));
  files = await packGitlab(createPackContext(root, programs));
  template = packed("templates/join.yml");
  const [header, body] = parseAllDocuments(template).map((document) => document.toJS({ maxAliasCount: 10 }));
  inputs = header.spec.inputs;
  jobs = body;
});

describe("the inputs of the component", () => {
  test("have a type, a description and a default of that type", () => {
    const required = Object.entries(inputs).filter(([, input]) => input.default === undefined);
    expect(required.map(([name]) => name).sort()).toEqual(["audience", "proxy", "token"]);
    for (const [name, { type, description, default: value, regex }] of Object.entries(inputs)) {
      expect(["string", "number", "boolean"], name).toContain(type);
      expect(description, name).toMatch(/^[A-Z].{10,}\.$/s);
      if (value !== undefined) expect(typeof value, name).toBe(type);
      // To GitLab an empty text matches no pattern.
      if (regex !== undefined && value !== undefined) expect(value, name).not.toBe("");
      if (regex !== undefined && value !== undefined) expect(String(value), name).toMatch(new RegExp(regex));
    }
  });

  test("are those of bot-join, but for what id_tokens and the shell say", () => {
    const own = inputTable.filter(({ gitHubOnly, shellOnly }) => !gitHubOnly && !shellOnly);
    const missing = own.map(({ name }) => name).filter((name) => !(name in inputs));
    expect(missing.sort()).toEqual([
      "export-env",
      "id-token",
      "id-token-command",
      "id-token-file",
      "join-method",
    ]);
    for (const { name, default: value = "" } of own) {
      const input = inputs[name];
      if (input?.default === undefined || name === "id-token-variable") continue;
      expect(String(input.default), name).toBe(value);
    }
  });

  test("are all used, and none is used that is not there", () => {
    const [, body = ""] = template.split(/^---$/m);
    const used = [...body.matchAll(/\$\[\[ inputs\.([a-z-]+) \]\]/g)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual(Object.keys(inputs).sort());
    expect(body.match(/\$\[\[/g)?.length).toBe(used.length);
  });

  test.each([
    "",
    'it\'s "x" \\n $(id) : # [a',
    "[{type: identity}]",
    "##vso[x] ::add-mask",
    "- 'a",
    "@x",
    "%x",
  ])("that are pasted into the YAML, as GitLab does it, stay what they are: %j", (text) => {
    const [, body = ""] = template.split(/^---$/m);
    const isAnyText = (name: string): boolean =>
      inputs[name]?.type === "string" && !["id", "id-token-variable", "job-prefix"].includes(name);
    const pasted = body.replaceAll(/\$\[\[ inputs\.([a-z-]+) \]\]/g, (_, name: string) =>
      isAnyText(name) ? text : String(inputs[name]?.default),
    );
    const { variables, id_tokens } = parse(pasted, { maxAliasCount: 10 })[".bot-join:id"];
    expect(id_tokens).toEqual({ TBOT_GITLAB_JWT: { aud: text } });
    for (const name of ["PROXY", "OUTPUTS", "CA_PIN"])
      expect(variables[`BOT_JOIN_GITLAB_default_${name}`]).toBe(text);
  });

  test("that are text become text of no script, but for an id of letters and digits", () => {
    const scripts = Object.values(jobs).flatMap((job) => [
      ...(job.before_script ?? []),
      ...(job.after_script ?? []),
    ]);
    const used = scripts.flatMap((line) =>
      [...line.matchAll(/inputs\.([a-z-]+)/g)].map(([, name = ""]) => name),
    );
    const texts = [...new Set(used)].filter((name) => inputs[name]?.type === "string");
    expect(texts).toEqual(["id"]);
    for (const bad of ["", "-", "a b", "a;b", "$(id)", "a\nb", "'"]) {
      expect(bad).not.toMatch(new RegExp(inputs["id"]?.regex ?? ""));
    }
  });
});

test("the component has hidden jobs and no global keyword", () => {
  const names = Object.keys(jobs);
  expect(names.every((name) => name.startsWith(".$[[ inputs.job-prefix ]]bot-join"))).toBe(true);
  expect(names.map((name) => name.split("bot-join")[1])).toEqual([":id", ":script", ":after", ""]);
  for (const keyword of globalKeywords) expect(names).not.toContain(keyword);
});

test("the component is small enough for GitLab", () => {
  // A string with an interpolation in it may have 1 MB, and a list of a job's variables is far from its limit.
  expect(template.length).toBeLessThan(100_000);
});

test.for(["dash", "bash", "busybox"])("its scripts are the grammar of %s", (name, context) => {
  const shell = requireTool(context, name);
  for (const { before_script = [], after_script = [] } of Object.values(jobs)) {
    const script = [...before_script, ...after_script]
      .join("\n")
      .replaceAll(/\$\[\[ inputs\.[a-z-]+ \]\]/g, "x");
    runTool(shell, [...(name === "busybox" ? ["sh"] : []), "-n"], script);
  }
});

test("its scripts pass shellcheck", (context) => {
  const shellcheck = requireTool(context, "shellcheck");
  using folder = tempDir();
  const file = join(folder.path, "script.sh");
  for (const [name, { before_script = [], after_script = [] }] of Object.entries(jobs)) {
    const script = [...before_script, ...after_script]
      .join("\n")
      .replaceAll(/\$\[\[ inputs\.[a-z-]+ \]\]/g, "x");
    if (script === "") continue;
    // The line that GitLab makes of `cleanup: true` compares two constants.
    writeFileSync(file, `#!/bin/sh\n# shellcheck disable=SC2050\n${script}\n`);
    expect(() => runTool(shellcheck, [file]), name).not.toThrow();
  }
});

test("the component project has what the catalogue asks for, and its pipeline only uses inputs that exist", () => {
  expect([...files.keys()].sort()).toEqual([
    ".gitlab-ci.yml",
    "LICENSE.md",
    "README.md",
    "templates/join.yml",
  ]);
  const { include } = parse(packed(".gitlab-ci.yml")) as { include: { inputs: Record<string, string> }[] };
  for (const name of Object.keys(include[0]?.inputs ?? {})) expect(Object.keys(inputs)).toContain(name);
  for (const name of Object.keys(inputs)) expect(packed("README.md"), "README.md").toContain(`\`${name}\``);
  for (const [name, content] of files) expect(String(content), name).not.toMatch(/@BOT_JOIN_[A-Z]+@/);
});

test("packing twice gives the same bytes", async () => {
  const programs = new Map(["bot-join.cjs", "ssh-proxy.cjs"].map((name) => [name, Buffer.from(name)]));
  const again = await packGitlab(createPackContext(root, programs));
  expect([...again]).toEqual([...files]);
});

test("the checksums of the programs are pinned in the template", () => {
  for (const name of ["bot-join.cjs", "ssh-proxy.cjs"]) {
    expect(template).toContain(`${createHash("sha256").update(name).digest("hex")}  ${name}`);
  }
});
